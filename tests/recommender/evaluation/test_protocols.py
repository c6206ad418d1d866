"""Protocols as people write them."""

from __future__ import annotations

import pytest

from recommender.evaluation.protocols import ProtocolError, parse_protocol
from recommender.testing.datasets import make_dataset, make_random_rows


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("next-item", ["next-item"]),
        ("next-item:test", ["next-item"]),
        ("next-item:validation", ["next-item:validation"]),
        ("time:0.9", ["time:0.9"]),
        ("random:0.8", ["random:0.8"]),
        ("random-per-profile:0.75", ["random-per-profile:0.75"]),
        ("k-fold:3", ["k-fold:3 (1)", "k-fold:3 (2)", "k-fold:3 (3)"]),
        ("cold-items:0.1", ["cold-items:0.1"]),
        ("cold-items:0.1:all", ["cold-items:0.1"]),
        ("cold-profiles:0.1", ["cold-profiles:0.1:5"]),
        ("cold-profiles:0.25:2", ["cold-profiles:0.25:2"]),
    ],
)
def test_a_protocol_makes_the_split_that_it_names(text: str, names: list[str]) -> None:
    protocol = parse_protocol(text)
    dataset = make_dataset(make_random_rows(1), items=20)
    assert [split.name for split in protocol.make_splits(dataset, seed=3)] == names
    assert protocol.text == text
    assert not protocol.rates


@pytest.mark.parametrize("text", ["rating:0.8", "rating-k-fold:5"])
def test_ratings_are_to_be_predicted(text: str) -> None:
    assert parse_protocol(text).rates


def test_the_seed_is_handed_on() -> None:
    dataset = make_dataset(make_random_rows(1), items=20)
    first, other = (next(parse_protocol("random:0.5").make_splits(dataset, seed=seed)) for seed in (1, 2))
    assert first.train.items.tolist() != other.train.items.tolist()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "'': no protocol is called '' (character 1); there are next-item, time, random,"),
        ("weekly:3", "'weekly:3': no protocol is called 'weekly' (character 1)"),
        ("time", "'time': time needs its share (character 5), as in time:0.9"),
        ("time:", "'time:': share must be a number between 0 and 1, not '' (character 6)"),
        ("time:x", "'time:x': share must be a number between 0 and 1, not 'x' (character 6)"),
        ("time:1.5", "'time:1.5': share must lie between 0 and 1, not '1.5' (character 6)"),
        ("time:nan", "'time:nan': share must lie between 0 and 1, not 'nan' (character 6)"),
        ("random:0", "'random:0': share must lie between 0 and 1, not '0' (character 8)"),
        ("k-fold:1", "'k-fold:1': folds must be a whole number from 2, not '1' (character 8)"),
        ("k-fold:2.5", "'k-fold:2.5': folds must be a whole number from 2, not '2.5' (character 8)"),
        ("time:0.9:2", "'time:0.9:2': '2' (character 10) is one argument too many for time"),
        ("next-item:train", "'next-item:train': which must be test or validation, not 'train' (character 11)"),
        ("cold-items:0.1:x", "'cold-items:0.1:x': candidates must be cold or all, not 'x' (character 16)"),
        (
            "cold-profiles:0.1:-1",
            "'cold-profiles:0.1:-1': given must be a whole number from 0, not '-1' (character 19)",
        ),
    ],
)
def test_a_wrong_text_is_told_what_and_where(text: str, complaint: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        parse_protocol(text)
    assert complaint in str(raised.value)
