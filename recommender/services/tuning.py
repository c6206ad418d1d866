"""Tunes a placement: finds which learners serve it best, how, and together, by what people chose."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from recommender.conf import get_conf
from recommender.fitting.auto import AutoOptions, fit_auto
from recommender.fitting.members import Member
from recommender.fitting.recipe import Recipe
from recommender.learners import Progress, TrainingCancelled
from recommender.learners.fits import ignore_progress
from recommender.models import FittedRanking, Placement, PlacementStrategy, TrainedModel
from recommender.records import Plan
from recommender.selectors import load_plan
from recommender.services.fitted_rankings import (
    Arrangement,
    StrategyRow,
    publish_fitted_ranking,
    read_arrangement,
)
from recommender.services.offline_items import mark_filtered
from recommender.services.placement_replay import is_on_page
from recommender.services.present_sources import choose_sources, keep_options, read_present
from recommender.services.promotion import prune_models
from recommender.services.training import start_training, train_model
from recommender.services.training_locks import hold_training
from recommender.services.training_progress import scale_progress
from recommender.services.tuned_sources import fit_sources
from recommender.services.tuning_cases import TuningError, TuningSplit, split_for_tuning
from recommender.services.tuning_report import Tuned, tell_tuning
from recommender.training.loading import load_dataset
from recommender.training.memory import find_available_bytes

logger = logging.getLogger(__name__)

Reader = PlacementStrategy.Reader

_KEPT_BY_READER = (Reader.FRIENDS, Reader.SHORTLIST)
"""Strategies that no log can be replayed through; they stay, and the ranking goes by what the others say."""

_TRIALS_SHARE = 0.75
_TRIED, _READ, _MEASURED, _TRAINED = 0.5, 0.55, 0.75, 0.98
_MEMORY_BYTES = 8 * 2**30


@dataclass(frozen=True, slots=True)
class TuningOptions:
    """How a placement is tuned."""

    budget_seconds: float = field(
        default=120.0, metadata={"help": "Seconds to try learners in.", "minimum": 1.0, "maximum": 86400.0}
    )
    cases: int = field(default=4000, metadata={"help": "Most people asked for, drawn at random.", "minimum": 1})
    protocol: str = field(default="", metadata={"help": "How choices are held out; empty: by the data."})
    learners: tuple[str, ...] = field(default=(), metadata={"help": "The learners to try; empty: all that fit."})
    k: int = field(default=10, metadata={"help": "Length of the lists.", "minimum": 1, "maximum": 100})
    seed: int = field(default=0, metadata={"help": "Seed of every draw.", "minimum": 0})
    dry_run: bool = field(default=False, metadata={"help": "Tell what is best, and change nothing."})


@dataclass(frozen=True, slots=True)
class TuningOutcome:
    """The report on people whom nothing was chosen by, and the ranking that was published (None in a dry run)."""

    report: Mapping[str, Any]
    fitted: FittedRanking | None = None


def name_lock(placement: Placement) -> str:
    """Return what the training lock of a placement's tuning goes by, in place of a learner."""
    return f"placement {placement.key}"


def tune_placement(
    catalog_id: int, placement_key: str, *, options: TuningOptions | None = None, progress: Progress | None = None
) -> TuningOutcome:
    """Tune a placement and put what was found live, unless it is worse than what is there.

    Learners are tried, tuned and put together on half of the people with something held out; the other half tells how
    good that is. Then each is trained on everything, and models, strategies and ranking change in one transaction.
    Whatever goes wrong before that leaves the placement as it was. ``progress`` may raise TrainingCancelled.

    Raises:
        TuningError: there is nothing to tune, or nothing to tune by.
        FittedRankingError: somebody has changed the placement meanwhile.
        TrainingUnderWayError: it is being tuned already, or one of the learners is being trained.
    """
    options = options or TuningOptions()
    report_progress = progress or ignore_progress
    placement = find_placement(catalog_id, placement_key)
    with hold_training(catalog_id, name_lock(placement)):
        return _tune(placement, options, report_progress)


def find_placement(catalog_id: int, key: str) -> Placement:
    """Return a placement that can be tuned; raise TuningError where there is none."""
    placement = Placement.objects.filter(catalog_id=catalog_id, key="" if "\0" in key else key).first()
    if placement is None:
        raise TuningError(f"no placement {key!r}")
    if placement.strategies.filter(reader=Reader.SIMILAR_ITEMS).exists():
        raise TuningError(f"{key} stands on the page of an item; what is tuned goes by people's histories")
    return placement


def _tune(placement: Placement, options: TuningOptions, progress: Progress) -> TuningOutcome:
    begun = time.perf_counter()
    catalog_id = placement.catalog_id
    plan, expected = load_plan(catalog_id, placement.key), read_arrangement(placement)
    if is_on_page(plan):
        raise TuningError(f"{plan.placement_key} stands on the page of an item")
    dataset = load_dataset(catalog_id, with_content=True)
    split = split_for_tuning(
        dataset,
        protocol=options.protocol,
        most_cases=options.cases,
        seed=options.seed,
        candidates=mark_filtered(catalog_id, dataset.item_ids, plan.filters),
    )
    recipe = _try_learners(split, plan, options, scale_progress(progress, start=0.0, stop=_TRIED))
    present = read_present(plan, split.chosen_by.train, progress=scale_progress(progress, start=_TRIED, stop=_READ))
    recipe = replace(recipe, members=tuple(keep_options(member, present) for member in recipe.members))
    sources = choose_sources(plan, recipe, present.content)
    ranking = fit_sources(
        sources,
        split.chosen_by.cases,
        exclude_seen=plan.exclude_seen,
        seed=options.seed,
        threads=0,
        with_trees=time.perf_counter() - begun < options.budget_seconds,
    )
    tuned = Tuned(sources, ranking)
    part = scale_progress(progress, start=_READ, stop=_MEASURED)
    report = tell_tuning(plan, tuned, split, dataset, recipe, present, k=options.k, seed=options.seed, progress=part)
    report["seconds"]["all"] = round(time.perf_counter() - begun, 3)
    if options.dry_run:
        progress(1.0)
        return TuningOutcome(report)
    part = scale_progress(progress, start=_MEASURED, stop=_TRAINED)
    models = _train_members(catalog_id, recipe.members, part)
    report["seconds"]["all"] = round(time.perf_counter() - begun, 3)
    kept = [row for row in expected.strategies if row.reader in _KEPT_BY_READER]
    rows = tuple(StrategyRow(source.reader, source.key) for source in sources)
    fitted = publish_fitted_ranking(
        placement.pk,
        expected=expected,
        arranged=Arrangement((*rows, *kept), ranking.ranker, {}, {model.learner: model.options for model in models}),
        arrays=ranking.arrays,
        sources=[source.name for source in sources],
        model_ids=[model.pk for model in models],
        metrics={"report": report},
        live=not _is_worse(report),
    )
    for model in models:
        prune_models(catalog_id, learner=model.learner)
    progress(1.0)
    return TuningOutcome(report, fitted)


def _try_learners(split: TuningSplit, plan: Plan, options: TuningOptions, progress: Progress) -> Recipe:
    begun, seconds = time.monotonic(), _TRIALS_SHARE * options.budget_seconds

    def tell(line: str) -> None:
        logger.info("tuning %s: %s", plan.placement_key, line.strip())
        progress(min(1.0, (time.monotonic() - begun) / seconds))

    limit = get_conf().memory_mb * 2**20
    auto = AutoOptions(
        budget_seconds=seconds,
        seed=options.seed,
        ordered=split.ordered,
        exclude_seen=plan.exclude_seen,
        trained_again=True,
        only=options.learners,
        memory_bytes=limit or find_available_bytes() or _MEMORY_BYTES,
    )
    progress(0.0)
    try:
        return fit_auto(split.chosen_by, auto, report=tell)
    except ValueError as error:
        raise TuningError(str(error)) from error


def _train_members(catalog_id: int, members: Sequence[Member], progress: Progress) -> list[TrainedModel]:
    """Train each member on everything; the results are candidates until all are there."""
    models = []
    for number, member in enumerate(members):
        model = start_training(catalog_id, learner=member.key, options=member.options)
        part = scale_progress(progress, start=number / len(members), stop=(number + 1) / len(members))
        try:
            model = train_model(model.pk, progress=part)
        except BaseException:
            TrainedModel.objects.filter(pk=model.pk, state=TrainedModel.State.TRAINING).delete()
            raise
        if model.state == TrainedModel.State.CANCELLED:
            raise TrainingCancelled
        if model.state != TrainedModel.State.CANDIDATE:
            raise TuningError(f"training {model} on everything: {model.error or model.state}")
        models.append(model)
    return models


def _is_worse(report: Mapping[str, Any]) -> bool:
    """Return whether the placement as it was is better than the tuned one, by more than chance."""
    for row in report["rows"][1:]:
        if row["kind"] == "placement" and row["difference"]["mean"] > 0:
            return bool(row["difference"]["p"] < get_conf().worse_below)
    return False
