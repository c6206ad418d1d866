"""Trains a learner and publishes what it learned as a candidate."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from catalog.extensions import describe_fault, dump_options, load_options
from catalog.vector_index import build_index
from recommender.learners import Learner, Progress, Publication, learners
from recommender.learners.verification import verify_known_ids, verify_publication
from recommender.models import TrainedModel
from recommender.services.publishing import publish_model
from recommender.services.training_locks import hold_training
from recommender.training.loading import load_dataset

logger = logging.getLogger(__name__)

PROGRESS_SECONDS = 1.0
_TRAINING = TrainedModel.State.TRAINING


def start_training(catalog_id: int, *, learner: str, options: Mapping[str, Any] | None = None) -> TrainedModel:
    """Make the row of a run that is still to come; ``train_model`` runs it.

    Raises RegistryError for an unknown learner and OptionError for options that do not fit it.
    """
    component = learners.get(learner)
    loaded = load_options(component.Options, options or {})
    return TrainedModel.objects.create(
        catalog_id=catalog_id, learner=learner, shape=component.shape, options=dump_options(loaded)
    )


def train_model(model_id: int, *, progress: Progress | None = None) -> TrainedModel:
    """Run a training and return the model: a candidate, or failed with the error and nothing published.

    A run that is over is returned as it is, so running one twice changes nothing. Raises TrainingUnderWayError
    while another run of the same learner goes on in the catalog.
    """
    model = TrainedModel.objects.get(pk=model_id)
    with hold_training(model.catalog_id, model.learner):
        model.refresh_from_db()
        if model.state != _TRAINING:
            return model
        fail_abandoned_runs(model.catalog_id, learner=model.learner, except_id=model.pk)
        try:
            _run(model, progress or _ignore)
        except BaseException as error:
            _fail(model, error)
            if not isinstance(error, Exception):
                raise
    model.refresh_from_db()
    return model


def fail_abandoned_runs(catalog_id: int, *, learner: str, except_id: int = 0) -> int:
    """Mark the runs of a learner that have begun as failed. For whoever holds the lock: their workers are dead.

    Runs that nobody has begun (``trained_until`` is not set) keep waiting.
    """
    begun = TrainedModel.objects.filter(
        catalog_id=catalog_id, learner=learner, state=_TRAINING, trained_until__isnull=False
    ).exclude(pk=except_id)
    return begun.update(
        state=TrainedModel.State.FAILED, error="The worker ended before the training did.", finished_at=timezone.now()
    )


def _run(model: TrainedModel, progress: Progress) -> None:
    model.trained_until = timezone.now()
    model.progress = 0.0
    model.save(update_fields=["trained_until", "progress"])
    component = learners.get(model.learner)
    learner: Learner = component(load_options(component.Options, model.options))  # type: ignore[call-arg]
    clock = time.perf_counter()
    dataset = load_dataset(model.catalog_id, until=model.trained_until)
    loaded = time.perf_counter()
    publication = learner.train(dataset, progress=_ProgressWriter(model.pk, progress))
    verify_publication(publication, shape=component.shape)
    verify_known_ids(publication, dataset)
    trained = time.perf_counter()
    metrics = {
        **{f"learner_{name}": float(value) for name, value in publication.metrics.items()},
        "interactions": len(dataset),
        "profiles": len(dataset.profile_ids),
        "items": len(dataset.item_ids),
        "load_seconds": round(loaded - clock, 3),
        "train_seconds": round(trained - loaded, 3),
    }
    _publish(model, publication, metrics)
    progress(1.0)


def _publish(model: TrainedModel, publication: Publication, metrics: Mapping[str, float]) -> None:
    begun = time.perf_counter()
    publish_model(model, publication, metrics=metrics)
    model.refresh_from_db()
    model.metrics["publish_seconds"] = round(time.perf_counter() - begun, 3)
    model.save(update_fields=["metrics"])
    if model.space is not None:
        # Not in the transaction: an index is built concurrently, over rows that are already there.
        build_index(model.space)


def _fail(model: TrainedModel, error: BaseException) -> None:
    logger.error("training %s failed", model, exc_info=error)
    TrainedModel.objects.filter(pk=model.pk, state=_TRAINING).update(
        state=TrainedModel.State.FAILED, error=describe_fault(error), finished_at=timezone.now()
    )


def _ignore(fraction: float) -> None:
    return None


class _ProgressWriter:
    """Writes a run's progress to its row, at most once in PROGRESS_SECONDS, and passes it on."""

    def __init__(self, model_id: int, forward: Progress) -> None:
        self._model_id = model_id
        self._forward = forward
        self._written = time.monotonic()

    def __call__(self, fraction: float) -> None:
        fraction = min(1.0, max(0.0, fraction))
        self._forward(fraction)
        if time.monotonic() - self._written >= PROGRESS_SECONDS:
            TrainedModel.objects.filter(pk=self._model_id).update(progress=fraction)
            self._written = time.monotonic()
