"""The sequence network: its contract, chains that it learns, what it makes of odd histories, and resuming."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from recommender.learners import Vectors
from recommender.learners.sequence_network import SequenceNetwork, SequenceNetworkOptions
from recommender.networks.sequence import training
from recommender.testing.datasets import FIRST_ITEM, FIRST_PROFILE, Row, make_dataset
from recommender.testing.learners import BrokenOff, LearnerContract, MemoryCheckpoint, assert_same_publication
from recommender.training.dataset import InteractionDataset

QUICK: dict[str, Any] = {"epochs": 3, "width": 8, "length": 16}
ITEMS = 20


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks so small are not worth a second thread, which on a busy machine is waited for."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class TestMixerAndAttention(LearnerContract):
    component = SequenceNetwork
    options = QUICK


class TestHstuOnASample(LearnerContract):
    component = SequenceNetwork
    options = {**QUICK, "block": "hstu", "loss": "sampled", "layers": 1}


class TestGru(LearnerContract):
    component = SequenceNetwork
    options = {**QUICK, "block": "gru", "layers": 1, "epochs": 2, "dropout": 0.5}


def build(**options: Any) -> SequenceNetwork:
    return SequenceNetwork(SequenceNetworkOptions(**{**QUICK, **options}))


def learn(dataset: InteractionDataset, **options: Any) -> Vectors:
    return build(**options).train(dataset, progress=lambda done: None)


def walk(histories: Sequence[Sequence[int]], *, items: int = ITEMS) -> InteractionDataset:
    rows: list[Row] = [
        (profile, item, float(day)) for profile, history in enumerate(histories) for day, item in enumerate(history)
    ]
    return make_dataset(rows, items=items)


def draw_chains(*, people: int = 60, length: int = 12) -> list[list[int]]:
    """Each goes round the ring of items, one after another, from a place of their own."""
    return [[(3 * person + step) % ITEMS for step in range(length)] for person in range(people)]


def find_next(found: Vectors, queries: NDArray[np.float32]) -> list[int]:
    """Return the index of the item that each query is nearest to."""
    return (found.item_ids[(queries @ found.matrix.T).argmax(axis=1)] - FIRST_ITEM).tolist()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"block": "mixer+attention"}, id="mixer and attention"),
        pytest.param({"block": "attention", "loss": "sampled"}, id="attention on a sample"),
        pytest.param({"block": "hstu", "epochs": 50}, id="hstu"),
        pytest.param({"block": "gru", "layers": 1, "epochs": 100}, id="gru"),
    ],
)
def test_everybody_is_told_the_next_item_of_the_ring(options: dict[str, Any]) -> None:
    chains = draw_chains()
    found = learn(walk(chains), **{"width": 32, "epochs": 25, "dropout": 0.0, **options})
    assert found.profile_matrix is not None
    wanted = [(chain[-1] + 1) % ITEMS for chain in chains]
    hits = np.array(find_next(found, found.profile_matrix)) == wanted
    assert hits.mean() >= 0.9


def test_a_newcomer_of_one_step_is_told_the_next() -> None:
    found = learn(walk(draw_chains()), width=32, epochs=25, dropout=0.0)
    queries = build(width=32).encode_profiles(found.arrays, walk([[item] for item in range(ITEMS)]))
    hits = np.array(find_next(found, queries)) == (np.arange(ITEMS) + 1) % ITEMS
    assert hits.mean() > 0.9


def test_items_end_with_their_bias_and_people_with_its_unit() -> None:
    found = learn(walk(draw_chains()))
    assert found.metric == "inner_product"
    assert found.profile_matrix is not None
    assert found.profile_ids is not None
    assert found.matrix.shape == (ITEMS, 9)
    np.testing.assert_array_equal(found.profile_matrix[:, -1], found.arrays["bias_unit"][0])
    logits = found.profile_matrix[:, :-1] @ found.arrays["embedding"].T + found.arrays["bias"]
    shifts = found.profile_matrix @ found.matrix.T - logits
    np.testing.assert_allclose(shifts, shifts[0, 0], atol=1e-4)
    np.testing.assert_array_equal(found.profile_ids, FIRST_PROFILE + np.arange(60))


def test_a_mean_of_items_asks_for_what_is_like_them_and_is_popular() -> None:
    """Until the network has read the latest step, a history is the mean of its items."""
    found = learn(walk(draw_chains()))
    fallback = found.matrix.mean(axis=0)
    weight = fallback[-1] / found.arrays["bias_unit"][0]
    embedding = found.arrays["embedding"]
    assert found.profile_matrix is not None
    lengths = np.linalg.norm(found.profile_matrix[:, :-1], axis=1).mean(), np.linalg.norm(embedding, axis=1).mean()
    assert weight == pytest.approx(lengths[1] / lengths[0], rel=0.1)


def test_half_precision_puts_the_same_items_first() -> None:
    found = learn(walk(draw_chains()), width=32, epochs=25)
    assert found.profile_matrix is not None
    halves = replace(found, matrix=found.matrix.astype(np.float16).astype(np.float32))
    queries = found.profile_matrix.astype(np.float16).astype(np.float32)
    assert find_next(halves, queries) == find_next(found, found.profile_matrix)
    assert max(np.abs(found.matrix).max(), np.abs(queries).max()) < 100


def test_vectors_of_people_are_found_again_from_the_arrays() -> None:
    dataset = walk(draw_chains())
    found = learn(dataset)
    np.testing.assert_array_equal(build().encode_profiles(found.arrays, dataset), found.profile_matrix)


def test_items_that_came_or_went_since_are_passed_over() -> None:
    found = learn(walk(draw_chains()))
    known = walk([[3, 4, 6]], items=ITEMS)
    grown = walk([[3, 4, 25, 6]], items=30)
    shrunk = replace(known, item_ids=known.item_ids[[3, 4, 6]], items=np.arange(3, dtype=np.int32))
    expected = build().encode_profiles(found.arrays, known)
    np.testing.assert_array_equal(build().encode_profiles(found.arrays, grown), expected)
    np.testing.assert_array_equal(build().encode_profiles(found.arrays, shrunk), expected)


def test_people_of_whom_nothing_is_known_get_zeros() -> None:
    found = learn(walk(draw_chains()))
    strangers = walk([[25], [1, 2], [26, 27]], items=30)
    queries = build().encode_profiles(found.arrays, strangers)
    assert queries.any(axis=1).tolist() == [False, True, False]
    nobody = make_dataset([(0, 1, 0.0, -1.0)], items=ITEMS)
    np.testing.assert_array_equal(build().encode_profiles(found.arrays, nobody), np.zeros((1, 9), dtype=np.float32))
    assert build().encode_profiles(found.arrays, make_dataset([], items=0)).shape == (0, 9)


def test_without_arrays_nobody_is_known() -> None:
    np.testing.assert_array_equal(build().encode_profiles({}, walk([[1, 2]])), np.zeros((1, 9), dtype=np.float32))


def test_no_more_than_the_length_is_read() -> None:
    found = learn(walk(draw_chains()))
    long = [item % ITEMS for item in range(40)]
    queries = build().encode_profiles(found.arrays, walk([long, long[-16:], long[-15:]]))
    np.testing.assert_allclose(queries[0], queries[1], rtol=1e-5, atol=1e-6)
    assert np.abs(queries[0] - queries[2]).max() > 1e-3


def test_thousands_at_once_get_what_each_gets_alone() -> None:
    found = learn(walk(draw_chains()))
    dice = np.random.default_rng(1)
    histories = [dice.integers(ITEMS, size=dice.integers(1, 20)).tolist() for _ in range(3000)]
    together = build().encode_profiles(found.arrays, walk(histories))
    for place in (0, 1, 1500, 2999):
        alone = build().encode_profiles(found.arrays, walk([histories[place]]))
        np.testing.assert_allclose(alone[0], together[place], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "histories",
    [
        pytest.param([[3], [4], [5]], id="one step each"),
        pytest.param([[3] * 9, [3] * 4], id="one item over and over"),
    ],
)
def test_without_an_order_there_is_nothing_to_publish(histories: list[list[int]]) -> None:
    dataset = walk(histories)
    found = learn(dataset)
    assert found.matrix.shape == (0, 9)
    assert found.arrays == {}
    assert not build().encode_profiles(found.arrays, dataset).any()


def test_everybody_alike_is_no_error() -> None:
    found = learn(walk([[1, 2, 3]] * 50), epochs=40, width=16, dropout=0.0)
    assert found.profile_matrix is not None
    np.testing.assert_allclose(found.profile_matrix, np.tile(found.profile_matrix[0], (50, 1)), rtol=1e-5)
    queries = build(width=16).encode_profiles(found.arrays, walk([[1], [1, 2]]))
    assert find_next(found, queries) == [2, 3]


def test_somebody_with_fifty_thousand_steps_is_one_among_others() -> None:
    dice = np.random.default_rng(0)
    found = learn(walk([dice.integers(ITEMS, size=50_000).tolist(), [1, 2, 3]]), epochs=1, length=64)
    assert found.profile_matrix is not None
    assert found.profile_matrix.shape == (2, 9)
    assert np.isfinite(found.profile_matrix).all()


def test_content_decides_where_items_begin() -> None:
    dataset = walk(draw_chains())
    content = np.random.default_rng(0).standard_normal((ITEMS, 4)).astype(np.float32)
    content[5] = 0.0
    told = replace(dataset, content=content)
    plain = learn(dataset)
    assert (learn(told).matrix != plain.matrix).any()
    np.testing.assert_array_equal(learn(told, text_weight=0.0).matrix, plain.matrix)
    np.testing.assert_array_equal(learn(replace(dataset, content=np.zeros_like(content))).matrix, plain.matrix)


def test_another_seed_gives_another_network() -> None:
    dataset = walk(draw_chains())
    assert (learn(dataset, seed=1).matrix != learn(dataset).matrix).any()


@pytest.mark.parametrize("loss", ["full", "sampled"])
def test_broken_off_within_an_epoch_and_resumed_it_gives_the_same_result(
    loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = walk(draw_chains())
    undisturbed = learn(dataset, loss=loss)
    monkeypatch.setattr(training, "SAVE_SECONDS", -1.0)
    checkpoint = MemoryCheckpoint(breaks_at=4)
    with pytest.raises(BrokenOff):
        build(loss=loss).train(dataset, progress=lambda done: None, checkpoint=checkpoint)
    fractions: list[float] = []
    resumed = build(loss=loss).train(dataset, progress=fractions.append, checkpoint=checkpoint)
    assert_same_publication(resumed, undisturbed)
    assert resumed.metrics["steps"] == undisturbed.metrics["steps"]
    assert fractions[1] > 0.2


def test_time_ends_a_training_and_so_do_epochs_whatever_time_they_take() -> None:
    dataset = walk(draw_chains())
    timed = learn(dataset, epochs=0, seconds=1.0)
    assert 0 < timed.metrics["epochs"] <= 60
    assert learn(dataset, epochs=2, seconds=1.0).metrics["epochs"] == 2


def test_the_process_is_left_as_it_was() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    learn(walk(draw_chains()), block="gru")
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == 1
    assert torch.is_grad_enabled()


def test_the_memory_needed_grows_with_the_data() -> None:
    small = build().estimate_bytes(1000, 1000, 10_000)
    assert small < build().estimate_bytes(1_000_000, 1000, 10_000)
    assert small < build().estimate_bytes(1000, 1_000_000, 10_000)
    assert small < build().estimate_bytes(1000, 1000, 10_000_000)
