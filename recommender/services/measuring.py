"""Holds a run against interactions held out from it, and against the active model's options on the same ones."""

import logging
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from catalog.extensions import describe_fault
from recommender.conf import get_conf
from recommender.evaluation.cases import Split
from recommender.evaluation.statistics import compare_with_baseline, estimate_interval
from recommender.learners import Learner, Progress, TrainingCancelled
from recommender.learners.fits import build_learner, fit_learner
from recommender.models import ModelArrays, TrainedModel
from recommender.services.checkpoints import StoredCheckpoint
from recommender.services.held_out import METRICS, HeldOutFigures, measure_publication, split_for_measuring
from recommender.services.training_progress import scale_progress
from recommender.training.array_bytes import ArrayBytesError, pack_arrays, unpack_arrays
from recommender.training.dataset import InteractionDataset
from recommender.training.digest import identify_fit

logger = logging.getLogger(__name__)

_FIT = "fit"
_DIGITS = 6


def measure_run(
    model: TrainedModel, learner: Learner, dataset: InteractionDataset, *, progress: Progress
) -> Mapping[str, Any]:
    """Return ``held_out_…`` figures with their intervals, and ``champion_…`` where another model is active.

    The same options are fitted to what lies before the cut, so this takes about as long as the training. The active
    model's options are fitted to the same; equal ones, and those measured on the same data before, are not fitted
    again. A failure is a figure, too (``held_out_error``): the training itself may succeed.
    """
    begun = time.perf_counter()
    split = split_for_measuring(dataset, most_cases=get_conf().held_out_cases)
    if split is None:
        return {"held_out_cases": 0}
    try:
        measured = _measure(model, model, learner, split, dataset, scale_progress(progress, start=0.0, stop=0.5))
    except TrainingCancelled:
        raise
    except Exception as error:
        logger.exception("%s cannot be measured on held-out interactions", model)
        return {"held_out_error": describe_fault(error)}
    found: dict[str, Any] = {"held_out_protocol": measured.protocol, "held_out_cases": len(measured)}
    for name in METRICS:
        interval = estimate_interval(measured.figures[name])
        found[f"held_out_{name}"] = round(interval.mean, _DIGITS)
        found[f"held_out_{name}_interval"] = [round(interval.low, _DIGITS), round(interval.high, _DIGITS)]
    found |= _compare(model, measured, split, dataset, scale_progress(progress, start=0.5, stop=1.0))
    return {**found, "measure_seconds": round(time.perf_counter() - begun, 3)}


def _compare(
    model: TrainedModel, measured: HeldOutFigures, split: Split, dataset: InteractionDataset, progress: Progress
) -> dict[str, Any]:
    """Return how the run does against the active model of its learner, nothing where there is none to compare with."""
    champion = TrainedModel.objects.filter(
        catalog_id=model.catalog_id, learner=model.learner, state=TrainedModel.State.ACTIVE
    ).first()
    if champion is None:
        return {}
    try:
        learner = build_learner(champion.learner, champion.options)
        baseline = _measure(model, champion, learner, split, dataset, progress)
    except TrainingCancelled:
        raise
    except Exception:
        logger.exception("%s: the options of the active model cannot be measured any more", champion)
        return {}
    name = METRICS[0]
    against = compare_with_baseline(measured.figures[name], baseline.figures[name])
    return {
        "champion": champion.pk,
        **{f"champion_{each}": round(float(baseline.figures[each].mean()), _DIGITS) for each in METRICS},
        "champion_difference": round(against.difference, _DIGITS),
        "champion_difference_interval": [round(against.low, _DIGITS), round(against.high, _DIGITS)],
        "champion_p": round(against.p, _DIGITS),
    }


def _measure(
    run: TrainedModel,
    model: TrainedModel,
    learner: Learner,
    split: Split,
    dataset: InteractionDataset,
    progress: Progress,
) -> HeldOutFigures:
    """Return the figures of a model's options, measured by ``run`` unless they are known from before."""
    fit = identify_fit(model.learner, model.options, dataset)
    known = _load(model, fit, split)
    if known is None:
        checkpoint = StoredCheckpoint(run.pk, digest=identify_fit(model.learner, model.options, split.train))
        publication = fit_learner(learner, split.train, progress=progress, checkpoint=checkpoint)
        known = measure_publication(publication, learner, split)
        _save(model, fit, known)
    return known


def _load(model: TrainedModel, fit: bytes, split: Split) -> HeldOutFigures | None:
    """Return what was measured of the same fit before, by whichever run of the learner."""
    rows = ModelArrays.objects.filter(
        model__catalog_id=model.catalog_id, model__learner=model.learner, name=ModelArrays.Name.HELD_OUT
    )
    for data in rows.order_by("-model_id").values_list("data", flat=True):
        try:
            arrays = unpack_arrays(data)
        except ArrayBytesError:
            continue
        if _FIT in arrays and arrays[_FIT].tobytes() == fit and all(name in arrays for name in METRICS):
            figures = HeldOutFigures(split.name, {name: arrays[name] for name in METRICS})
            if len(figures) == len(split.cases):
                return figures
    return None


def _save(model: TrainedModel, fit: bytes, measured: HeldOutFigures) -> None:
    data = pack_arrays({_FIT: np.frombuffer(fit, dtype=np.uint8), **measured.figures})
    ModelArrays.objects.update_or_create(model=model, name=ModelArrays.Name.HELD_OUT, defaults={"data": data})
