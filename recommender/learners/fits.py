"""One fit of a learner on one dataset: given what its class asks for, and its publication verified."""

from collections.abc import Mapping
from typing import Any

from catalog.extensions import load_options
from recommender.learners.base import Checkpoint, Learner, Progress, Publication, learners
from recommender.learners.verification import verify_known_ids, verify_publication
from recommender.training.dataset import InteractionDataset


def ignore_progress(fraction: float) -> None:
    """Hear of progress where nobody looks."""


def build_learner(key: str, options: Mapping[str, Any]) -> Learner:
    """Return the learner called ``key``; raises RegistryError or OptionError where there is no such thing."""
    component = learners.get(key)
    learner: Learner = component(load_options(component.Options, options))  # type: ignore[call-arg]
    return learner


def is_resumable(key: str) -> bool:
    """Return whether the learner called ``key`` is there and can go on from a checkpoint."""
    return key in learners and bool(getattr(learners.get(key), "resumable", False))


def wants_content(learner: Learner) -> bool:
    """Return whether a learner is trained on the items' text vectors, too."""
    return bool(getattr(learner, "wants_content", False))


def fit_learner(
    learner: Learner, dataset: InteractionDataset, *, progress: Progress, checkpoint: Checkpoint | None = None
) -> Publication:
    """Train and return the publication, once it is known to fit the learner's shape and the dataset's ids.

    A resumable learner goes on from ``checkpoint``, which others are not given. Raises PublicationError.
    """
    named: dict[str, Any] = {"checkpoint": checkpoint} if getattr(learner, "resumable", False) else {}
    publication = learner.train(dataset, progress=progress, **named)
    verify_publication(publication, shape=learner.shape)
    verify_known_ids(publication, dataset)
    return publication
