"""Puts fitted rankings live with the strategies and models that they were fitted to, and goes back again."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from recommender.models import FittedRanking, Placement, PlacementStrategy, TrainedModel
from recommender.selectors import name_strategy
from recommender.services.promotion import promote_model
from recommender.training.array_bytes import pack_arrays

logger = logging.getLogger(__name__)

State = FittedRanking.State

KEPT_RETIRED = 5
"""Retired rankings kept of each placement: how far one can roll back."""


class FittedRankingError(ValueError):
    """A fitted ranking cannot be put live, or there is none to go back to; the message says why."""


@dataclass(frozen=True, slots=True)
class StrategyRow:
    """A strategy as a placement keeps it."""

    reader: str
    source: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What a placement is made of: its strategies in order, its ranker, and the options of the learners behind it."""

    strategies: tuple[StrategyRow, ...]
    ranker: str
    ranker_options: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_arrangement(placement: Placement) -> Arrangement:
    """Return what a placement is made of now."""
    rows = placement.strategies.order_by("position", "id")
    strategies = tuple(StrategyRow(row.reader, row.source, row.weight) for row in rows)
    active = TrainedModel.objects.filter(
        catalog_id=placement.catalog_id,
        learner__in={row.source for row in strategies},
        state=TrainedModel.State.ACTIVE,
    )
    models = {model.learner: model.options for model in active.order_by("learner")}
    return Arrangement(strategies, placement.ranker, placement.ranker_options, models)


def publish_fitted_ranking(
    placement_id: int,
    *,
    expected: Arrangement,
    arranged: Arrangement,
    arrays: Mapping[str, NDArray[Any]],
    sources: Sequence[str],
    model_ids: Sequence[int],
    metrics: Mapping[str, Any],
    live: bool = True,
) -> FittedRanking:
    """Write a fitted ranking and put it live with its models and strategies: all of it in one transaction.

    Unless ``live``, it stays a candidate, as its models do. ``arrays`` are the ranker's, ``sources`` the names of the
    strategies that it weighs, ``model_ids`` the candidates to promote. The ranking before it retires;
    ``roll_back_fitted_ranking`` goes back to what was ``expected``.

    Raises:
        FittedRankingError: the placement's strategies or ranker are no longer what they were ``expected`` to be.
        PromotionError: a candidate has gone.
    """
    with transaction.atomic():
        placement = Placement.objects.select_for_update().get(pk=placement_id)
        present = read_arrangement(placement)
        if (present.strategies, present.ranker) != (expected.strategies, expected.ranker):
            raise FittedRankingError(f"{placement.key}: its strategies or its ranking have been changed meanwhile")
        fitted = FittedRanking.objects.create(
            placement=placement,
            ranker=arranged.ranker,
            sources=list(sources),
            data=pack_arrays(arrays),
            metrics={**metrics, "arrangement": asdict(arranged)},
        )
        if live:
            for model_id in model_ids:
                promote_model(model_id)
            _activate(fitted, placement, arranged, present)
        _prune(placement)
    return fitted


def promote_fitted_ranking(fitted_id: int) -> FittedRanking:
    """Put a candidate or retired ranking live, with its strategies, and its learners' options as far as they are kept.

    One that is active stays so. Raises FittedRankingError for one that does not say what it was fitted to, and
    PromotionError.
    """
    with transaction.atomic():
        fitted, placement = _lock(fitted_id)
        if fitted.state != State.ACTIVE:
            arranged = _load(fitted.metrics.get("arrangement"))
            if arranged is None:
                raise FittedRankingError(f"{fitted} does not say which strategies it was fitted to")
            present = read_arrangement(placement)
            _restore_models(placement.catalog_id, arranged.models)
            _activate(fitted, placement, arranged, present)
    return fitted


def roll_back_fitted_ranking(fitted_id: int) -> FittedRanking | None:
    """Retire the active ranking and make the placement what it was before; return the ranking active then, if any.

    Strategies, ranker and the learners' options come back. Raises FittedRankingError for one that is not active, or
    that does not know what was before it; PromotionError for a model of then that cannot come back.
    """
    with transaction.atomic():
        fitted, placement = _lock(fitted_id)
        if fitted.state != State.ACTIVE:
            raise FittedRankingError(f"{fitted} is {fitted.state}; only the active one can be rolled back")
        before = _load(fitted.metrics.get("before"))
        if before is None:
            raise FittedRankingError(f"{fitted} does not know what was before it")
        _restore_models(placement.catalog_id, before.models)
        _arrange(placement, before)
        fitted.state = State.RETIRED
        fitted.save(update_fields=["state"])
        previous = FittedRanking.objects.filter(placement=placement, pk=fitted.metrics.get("before_id")).first()
        if previous is not None:
            previous.state = State.ACTIVE
            previous.save(update_fields=["state"])
    return previous


def _lock(fitted_id: int) -> tuple[FittedRanking, Placement]:
    placement_id = FittedRanking.objects.values_list("placement_id", flat=True).get(pk=fitted_id)
    placement = Placement.objects.select_for_update().get(pk=placement_id)
    return FittedRanking.objects.get(pk=fitted_id), placement


def _activate(fitted: FittedRanking, placement: Placement, arranged: Arrangement, before: Arrangement) -> None:
    """Make the ranking the active one of its placement, whose row is locked."""
    previous = FittedRanking.objects.filter(placement=placement, state=State.ACTIVE).first()
    if previous is not None:
        previous.state = State.RETIRED
        previous.save(update_fields=["state"])
    _arrange(placement, arranged)
    fitted.state = State.ACTIVE
    fitted.promoted_at = timezone.now()
    fitted.metrics = {**fitted.metrics, "before": asdict(before), "before_id": previous and previous.pk}
    fitted.save(update_fields=["state", "promoted_at", "metrics"])


def _arrange(placement: Placement, arranged: Arrangement) -> None:
    placement.strategies.all().delete()
    PlacementStrategy.objects.bulk_create(
        PlacementStrategy(
            placement=placement, reader=row.reader, source=row.source, weight=row.weight, position=position
        )
        for position, row in enumerate(arranged.strategies)
    )
    placement.ranker = arranged.ranker
    placement.ranker_options = dict(arranged.ranker_options)
    placement.save(update_fields=["ranker", "ranker_options", "updated_at"])


def _restore_models(catalog_id: int, wanted: Mapping[str, Mapping[str, Any]]) -> None:
    """Make models active that were trained with the options ``wanted`` by learner, as far as such are kept."""
    trained = [TrainedModel.State.ACTIVE, TrainedModel.State.CANDIDATE, TrainedModel.State.RETIRED]
    for learner, options in sorted(wanted.items()):
        models = TrainedModel.objects.filter(catalog_id=catalog_id, learner=learner, state__in=trained)
        if models.filter(state=TrainedModel.State.ACTIVE, options=options).exists():
            continue
        found = models.filter(options=options).order_by("-id").first()
        if found is None:
            logger.warning("%s: no model with the options of then is kept, so the active one stays", learner)
        else:
            promote_model(found.pk)


def _prune(placement: Placement) -> None:
    retired = FittedRanking.objects.filter(placement=placement, state=State.RETIRED).order_by("-promoted_at", "-id")
    FittedRanking.objects.filter(pk__in=[row.pk for row in retired.only("pk")[KEPT_RETIRED:]]).delete()


def _load(stored: Mapping[str, Any] | None) -> Arrangement | None:
    if stored is None:
        return None
    rows = tuple(StrategyRow(**row) for row in stored["strategies"])
    return Arrangement(rows, stored["ranker"], stored["ranker_options"], stored["models"])


def name_sources(strategies: Sequence[StrategyRow]) -> tuple[str, ...]:
    """Return the names by which a plan knows ``strategies``."""
    return tuple(name_strategy(row.reader, row.source) for row in strategies)
