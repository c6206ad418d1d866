"""Serving: the one way from a request to a slate that every face takes."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils import timezone

from recommender import pipeline
from recommender.conf import get_people_conf
from recommender.explain import explain_entry, explain_friends
from recommender.filters import FilterError, check_filters
from recommender.models.placement import MAX_SLATE
from recommender.readers.details import read_details
from recommender.readers.friends import FRIENDS, count_friends
from recommender.records import Plan, Query, Slate, SlateEntry, SpaceRef
from recommender.selectors import QueryError, load_plan, load_similar_plan, resolve_keys
from recommender.services.slate_entries import make_entry
from recommender.services.slate_log import log_slate

MAX_EXCLUDED = 1000


def recommend(
    catalog_id: int,
    *,
    placement: str,
    user_id: str | None = None,
    item: str | None = None,
    n: int | None = None,
    exclude: Sequence[str] = (),
    filters: Mapping[str, Any] | None = None,
    diversity: float | None = None,
    log: bool = True,
) -> Slate:
    """Return the slate of a placement for a person and the page's item; external ids throughout.

    An unknown or absent ``user_id`` is a person without a history. Raise QueryError for an unknown
    placement or item, ``n`` outside 1..1000, a bad filter or diversity. Costs six statements at most,
    whatever the catalogue's size, and one more where friends speak for an entry; ``log=False`` (previews) writes
    nothing.
    """
    started = time.perf_counter()
    checked = check_request(n, exclude, filters, diversity)
    plan = load_plan(catalog_id, placement)
    return _serve(
        plan, started, user_id=user_id, item=item, n=n, exclude=exclude, filters=checked, diversity=diversity, log=log
    )


def similar_items(
    catalog_id: int,
    *,
    item: str,
    n: int | None = None,
    filters: Mapping[str, Any] | None = None,
    log: bool = True,
) -> Slate:
    """Return what is like ``item``: near in meaning first, joined with what accompanies it."""
    started = time.perf_counter()
    checked = check_request(n, (), filters, None)
    plan = load_similar_plan(catalog_id)
    return _serve(plan, started, user_id=None, item=item, n=n, exclude=(), filters=checked, diversity=None, log=log)


def recommend_by_plan(
    plan: Plan, *, user_id: str | None, item: str | None, n: int | None, diversity: float | None = None
) -> Slate:
    """Return the slate of a plan that need not be stored (an editor's preview); nothing is logged."""
    started = time.perf_counter()
    check_request(n, (), None, diversity)
    return _serve(
        plan, started, user_id=user_id, item=item, n=n, exclude=(), filters={}, diversity=diversity, log=False
    )


def check_request(
    n: int | None, exclude: Sequence[str], filters: Mapping[str, Any] | None, diversity: float | None
) -> dict[str, Any]:
    """Return the filters, checked; raise QueryError for what no placement can answer."""
    if n is not None and not 1 <= n <= MAX_SLATE:
        raise QueryError("n", f"must be from 1 to {MAX_SLATE}, not {n}")
    if len(exclude) > MAX_EXCLUDED:
        raise QueryError("exclude", f"{MAX_EXCLUDED} items at most, not {len(exclude)}")
    if diversity is not None and not 0.0 <= diversity <= 1.0:
        raise QueryError("diversity", f"must be from 0 to 1, not {diversity}")
    try:
        return check_filters(filters or {})
    except FilterError as error:
        raise QueryError(error.field, error.reason, "invalid_filter") from error


def _serve(
    plan: Plan,
    started: float,
    *,
    user_id: str | None,
    item: str | None,
    n: int | None,
    exclude: Sequence[str],
    filters: dict[str, Any],
    diversity: float | None,
    log: bool,
) -> Slate:
    wanted = [*exclude, *([item] if item is not None else [])]
    keys = resolve_keys(plan.catalog_id, user_id=user_id, item_keys=wanted)
    if item is not None and item not in keys.item_ids:
        raise QueryError("item", f"no item {item!r}", "item_not_found")
    query = Query(
        catalog_id=plan.catalog_id,
        now=timezone.now(),
        size=plan.size if n is None else n,
        profile_id=keys.profile_id,
        item_ids=() if item is None else (keys.item_ids[item],),
        exclude_ids=tuple(keys.item_ids[key] for key in exclude if key in keys.item_ids),
        filters=filters,
        diversity=diversity,
    )
    selection = pipeline.recommend(plan, query)
    entries = _show_entries(plan, query, selection)
    slate = Slate(
        entries=entries,
        requested=query.size,
        exhausted=len(entries) < query.size,
        milliseconds=round((time.perf_counter() - started) * 1000, 3),
        timings=selection.timings,
        placement_key=plan.placement_key,
        heading=plan.heading,
        widget=plan.widget,
        widget_options=plan.widget_options,
    )
    return replace(slate, recommendation_id=log_slate(plan, query, slate)) if log else slate


def _show_entries(plan: Plan, query: Query, selection: pipeline.Selection) -> tuple[SlateEntry, ...]:
    space = _find_history_space(plan)
    details = read_details(query, item_ids=selection.item_ids, evidence_ids=selection.evidence_ids, space=space)
    chosen = zip(selection.item_ids.tolist(), selection.sources, strict=True)
    spoken_for = [item_id for item_id, sources in chosen if sources[0] == FRIENDS]
    friends = count_friends(query, spoken_for, names=get_people_conf().name_friends) if spoken_for else {}
    entries = []
    for item_id, score, sources in zip(
        selection.item_ids.tolist(), selection.scores.tolist(), selection.sources, strict=True
    ):
        if item_id not in details:  # deleted between two statements
            continue
        item = details[item_id]
        reason = explain_friends(friends[item_id]) if item_id in friends else explain_entry(sources[0], item)
        entries.append(make_entry(item, score=score, sources=sources, reason=reason))
    return tuple(entries)


def _find_history_space(plan: Plan) -> SpaceRef | None:
    return next((s.space for s in plan.strategies if s.reader == "history_match" and s.space is not None), None)
