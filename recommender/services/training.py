"""Trains a learner and publishes what it learned as a candidate."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.extensions import describe_fault, dump_options, load_options
from catalog.vector_index import build_index
from recommender.conf import get_conf
from recommender.learners import Progress, Publication, TrainingCancelled, learners
from recommender.learners.fits import build_learner, fit_learner, ignore_progress, wants_content
from recommender.models import TrainedModel
from recommender.services.checkpoints import StoredCheckpoint
from recommender.services.interrupted import can_go_on, give_up_run, settle_dead_runs
from recommender.services.measuring import measure_run
from recommender.services.publishing import publish_model
from recommender.services.run_ends import mark_cancelled, mark_failed
from recommender.services.training_locks import hold_training
from recommender.services.training_memory import check_memory
from recommender.services.training_progress import ProgressWriter, scale_progress
from recommender.training.digest import identify_fit
from recommender.training.loading import load_dataset

logger = logging.getLogger(__name__)

_TRAINING = TrainedModel.State.TRAINING


def start_training(
    catalog_id: int,
    *,
    learner: str,
    options: Mapping[str, Any] | None = None,
    promote: bool = False,
    measure: bool = False,
) -> TrainedModel:
    """Make the row of a run that is still to come; ``train_model`` runs it.

    ``promote`` is the wish that the result go live, ``measure`` that it be held against held-out interactions and the
    active model. Raises RegistryError for an unknown learner and OptionError for options that do not fit it.
    """
    component = learners.get(learner)
    loaded = load_options(component.Options, options or {})
    return TrainedModel.objects.create(
        catalog_id=catalog_id,
        learner=learner,
        shape=component.shape,
        options=dump_options(loaded),
        promote_when_trained=promote,
        measure=measure,
    )


def train_model(model_id: int, *, progress: Progress | None = None) -> TrainedModel:
    """Run a training and return the model: a candidate, or failed or cancelled with nothing published.

    A run that is over is returned as it is, so running one twice changes nothing. One that was interrupted goes on
    from its checkpoint, or starts over where there is none. Raises TrainingUnderWayError while another run of the
    same learner goes on in the catalog.
    """
    model = TrainedModel.objects.get(pk=model_id)
    with hold_training(model.catalog_id, model.learner):
        if _begin(model):
            settle_dead_runs(model.catalog_id, learner=model.learner, except_id=model.pk)
            try:
                _run(model, progress or ignore_progress)
            except TrainingCancelled:
                mark_cancelled(model.pk)
            except BaseException as error:
                _fail(model, error)
                if not isinstance(error, Exception):
                    raise
    model.refresh_from_db()
    return model


def _begin(model: TrainedModel) -> bool:
    """Take note that a worker begins; return False where there is nothing (more) to do."""
    with transaction.atomic():
        model.refresh_from_db(from_queryset=TrainedModel.objects.select_for_update())
        if model.state != _TRAINING:
            return False
        if model.cancel_requested:
            mark_cancelled(model.pk)
            return False
        if model.attempts >= get_conf().most_attempts:
            give_up_run(model)
            return False
        if not can_go_on(model):
            model.trained_until = timezone.now()
            model.progress = 0.0
        model.attempts += 1
        model.save(update_fields=["trained_until", "progress", "attempts"])
    return True


def _run(model: TrainedModel, progress: Progress) -> None:
    learner = build_learner(model.learner, model.options)
    check_memory(learner, model.catalog_id)
    writer = ProgressWriter(model.pk, progress)
    clock = time.perf_counter()
    dataset = load_dataset(model.catalog_id, until=model.trained_until, with_content=wants_content(learner))
    loaded = time.perf_counter()
    checkpoint = StoredCheckpoint(model.pk, digest=identify_fit(model.learner, model.options, dataset))
    measured: Mapping[str, Any] = {}
    training: Progress = writer
    if model.measure:
        # First, while nothing else is held in memory; what it finds outlives the worker.
        measured = measure_run(model, learner, dataset, progress=scale_progress(writer, start=0.0, stop=0.5))
        training = scale_progress(writer, start=0.5, stop=1.0)
    begun = time.perf_counter()
    publication = fit_learner(learner, dataset, progress=training, checkpoint=checkpoint)
    trained = time.perf_counter()
    metrics = {
        **measured,
        **{f"learner_{name}": float(value) for name, value in publication.metrics.items()},
        "interactions": len(dataset),
        "profiles": len(dataset.profile_ids),
        "items": len(dataset.item_ids),
        "load_seconds": round(loaded - clock, 3),
        "train_seconds": round(trained - begun, 3),
    }
    _publish(model, publication, metrics)
    progress(1.0)


def _publish(model: TrainedModel, publication: Publication, metrics: Mapping[str, Any]) -> None:
    begun = time.perf_counter()
    with transaction.atomic():
        locked = TrainedModel.objects.select_for_update().filter(pk=model.pk, state=_TRAINING).first()
        if locked is None or locked.cancel_requested:
            raise TrainingCancelled
        publish_model(model, publication, metrics=metrics)
    model.refresh_from_db()
    model.metrics["publish_seconds"] = round(time.perf_counter() - begun, 3)
    model.save(update_fields=["metrics"])
    if model.space is not None:
        # Not in the transaction: an index is built concurrently, over rows that are already there.
        build_index(model.space)


def _fail(model: TrainedModel, error: BaseException) -> None:
    logger.error("training %s failed", model, exc_info=error)
    mark_failed(model.pk, error=describe_fault(error))
