"""The fingerprint of a dataset changes with what a learner sees, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np

from recommender.testing.datasets import make_dataset
from recommender.training.digest import digest_dataset

ROWS = [(0, 1, 0.0), (0, 2, 1.0), (1, 0, 2.0, -1.0)]


def test_the_same_data_has_the_same_digest_whenever_it_was_loaded() -> None:
    dataset = make_dataset(ROWS, items=3)
    again = replace(make_dataset(ROWS, items=3), until=dataset.until + timedelta(hours=1))
    assert digest_dataset(dataset) == digest_dataset(again)
    assert len(digest_dataset(dataset)) == 16


def test_every_part_counts() -> None:
    dataset = make_dataset(ROWS, items=3)
    content = np.zeros((3, 2), dtype=np.float32)
    others = [
        make_dataset(ROWS, items=4),
        make_dataset([(0, 1, 0.0), (0, 2, 1.5), (1, 0, 2.0, -1.0)], items=3),
        make_dataset([(0, 1, 0.0), (0, 2, 1.0), (1, 0, 2.0, 1.0)], items=3),
        make_dataset([(0, 1, 0.0), (0, 1, 1.0), (1, 0, 2.0, -1.0)], items=3),
        dataset.keep_rows(np.array([True, True, False])),
        replace(dataset, content=content),
        replace(dataset, content=content + 1),
        replace(dataset, half_lives=dict.fromkeys(dataset.half_lives, 7.0)),
    ]
    digests = {digest_dataset(other) for other in [dataset, *others]}
    assert len(digests) == len(others) + 1


def test_order_in_memory_plays_no_part() -> None:
    content = np.arange(6, dtype=np.float32).reshape(3, 2)
    dataset = replace(make_dataset(ROWS, items=3), content=content)
    assert digest_dataset(dataset) == digest_dataset(replace(dataset, content=np.asfortranarray(content)))
