"""The sequence network: its contract, a chain that it learns, what it makes of odd histories, and resuming."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from recommender.learners import Vectors
from recommender.learners.sequence_network import SequenceNetwork, SequenceNetworkOptions
from recommender.testing.learners import LearnerContract
from recommender.training.dataset import InteractionDataset

QUICK: dict[str, Any] = {"epochs": 3, "width": 8, "length": 16}


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
    options = {**QUICK, "block": "gru", "layers": 1, "epochs": 2}


def build(**options: Any) -> SequenceNetwork:
    return SequenceNetwork(SequenceNetworkOptions(**{**QUICK, **options}))


def learn(dataset: InteractionDataset, **options: Any) -> Vectors:
    return build(**options).train(dataset, progress=lambda done: None)
