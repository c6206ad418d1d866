"""System checks of the recommender: wrong configuration speaks at start."""

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError, transaction

from catalog.extensions import OptionError, Registry, load_options
from recommender.conf import get_conf, get_people_conf
from recommender.filters import FilterError, check_filters
from recommender.learners import learners
from recommender.models import Placement, PlacementStrategy
from recommender.ranking import rankers
from recommender.reranking import rerankers
from recommender.widgets import widgets


@register()
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report what is wrong with RECSITE_TRAINING and RECSITE_PEOPLE."""
    messages: list[CheckMessage] = []
    for number, read in enumerate((get_conf, get_people_conf), start=1):
        try:
            read()
        except (ImproperlyConfigured, AttributeError, TypeError, ValueError) as error:
            messages.append(Error(str(error), id=f"recommender.E00{number}"))
    return messages


@register(Tags.database)
def check_placements(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn of placements that name components, options or filters which do not exist (any more)."""
    if not databases:
        return []
    try:
        with transaction.atomic():
            return _check_rows()
    except ProgrammingError:  # `migrate` asks before it has made the tables or changed them
        return []


def _check_rows() -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for placement in Placement.objects.order_by("pk").iterator(chunk_size=500):
        parts: tuple[tuple[Registry[Any], str, dict[str, Any]], ...] = (
            (rankers, placement.ranker, placement.ranker_options),
            (rerankers, placement.reranker, placement.reranker_options),
            (widgets, placement.widget, placement.widget_options),
        )
        for registry, key, options in parts:
            messages += _check_component(placement, registry, key, options)
        try:
            check_filters(placement.filters)
        except FilterError as error:
            messages.append(Warning(f"placement {placement.key}: {error}", id="recommender.W003", obj=placement))
    reader = PlacementStrategy.Reader
    by_no_learner = (reader.SIMILAR_ITEMS, reader.HISTORY_MATCH, reader.FRIENDS)
    for strategy in PlacementStrategy.objects.exclude(reader__in=by_no_learner).select_related("placement").iterator():
        if strategy.source not in learners:
            messages.append(
                Warning(
                    f"placement {strategy.placement.key}: no learner {strategy.source!r}",
                    id="recommender.W004",
                    obj=strategy,
                )
            )
    return messages


def _check_component(
    placement: Placement, registry: Registry[Any], key: str, options: dict[str, Any]
) -> list[CheckMessage]:
    where = f"placement {placement.key}: {registry.family}"
    if not key and registry is rerankers:
        return []
    if key not in registry:
        return [Warning(f"{where}: no {key!r}; the default is used", id="recommender.W001", obj=placement)]
    try:
        load_options(registry.get(key).Options, options)
    except OptionError as error:
        return [Warning(f"{where} {key}: {error}; its defaults are used", id="recommender.W002", obj=placement)]
    return []
