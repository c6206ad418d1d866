"""Composes the statements that readers share: the tables of a history, and what each strategy looks up by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recommender.readers.fragments import (
    Fragment,
    ReadContext,
    count_steps,
    eligible_items,
    history_table,
    seen_table,
    steps_table,
)
from recommender.readers.friends import FRIENDS, friends_of_items, liked_by_friends
from recommender.readers.neighbours import sum_for_items, summed_neighbours
from recommender.readers.scores import best_scores, newest_items, scores_of_items
from recommender.readers.shortlists import listed_scores, ready_list
from recommender.readers.vectors import (
    breadth_tables,
    context_vector,
    history_vector,
    likeness_of_items,
    nearest_items,
)
from recommender.records import Ids, Plan, Query, StrategyPlan

HISTORY_LENGTH = -1
"""The place of the row that counts the steps of the history, among those of the lists."""

Tables = list[tuple[str, Fragment]]


@dataclass(frozen=True, slots=True)
class Statement:
    """An SQL text with its parameters."""

    sql: str
    params: list[Any]


def compose_candidates(plan: Plan, query: Query, *, limit: int) -> Statement:
    """Return what reads candidates: rows (place of the list, item id, score, evidence id)."""
    context = ReadContext(
        eligible=eligible_items(plan, query),
        narrow=bool(plan.filters or query.filters),
        limit=limit,
        has_history=query.profile_id is not None,
        context_items=query.item_ids,
    )
    tables = _history_tables(plan, query)
    if query.people:
        tables.append(("seen", seen_table(plan, query)))
    if context.narrow:
        tables += breadth_tables(context)
    selects = []
    for place, strategy in enumerate(plan.strategies):
        target = _add_target(strategy, query, tables, name=f"target{place}")
        fragment = _read_strategy(strategy, context, query, target)
        if fragment is not None:
            selects.append((place, fragment))
    selects.append((len(plan.strategies), newest_items(context)))
    if context.has_history:
        selects.append((HISTORY_LENGTH, _COUNTED))
    return _join(tables, selects, columns="item_id, score, evidence_id")


def compose_completion(plan: Plan, query: Query, item_ids: Ids) -> Statement | None:
    """Return what reads every strategy's scores of given items: rows (place, item id, score); None for nothing."""
    ids = item_ids.tolist()
    tables = _history_tables(plan, query)
    selects = []
    for place, strategy in enumerate(plan.strategies):
        target = _add_target(strategy, query, tables, name=f"target{place}")
        fragment = _score_items(strategy, query, target, ids)
        if fragment is not None:
            selects.append((place, fragment))
    return _join(tables, selects, columns="item_id, score") if selects else None


_COUNTED = Fragment("SELECT 0::bigint AS item_id, count(*)::float8 AS score, 0::bigint AS evidence_id FROM steps")


def _history_tables(plan: Plan, query: Query) -> Tables:
    """Return ``history`` and ``steps`` of the profile, and ``seeds``: the page's item or, without one, the history."""
    tables: Tables = []
    if query.profile_id is not None:
        tables.append(("history", history_table(query)))
        tables.append(("steps", steps_table(query, length=count_steps(plan.strategies))))
    if query.item_ids:
        ids = list(query.item_ids)
        tables.append(("seeds", Fragment("SELECT unnest(%s::bigint[]) AS item_id, 1.0::float8 AS weight", [ids])))
    elif query.profile_id is not None:
        tables.append(("seeds", Fragment("SELECT item_id, weight FROM history")))
    return tables


def _add_target(strategy: StrategyPlan, query: Query, tables: Tables, *, name: str) -> str:
    """Add the table of a vectors strategy's query vector and return its name; "" where it has nothing to go by."""
    if strategy.space is None:
        return ""
    if strategy.reader == "history_match" and query.profile_id is not None:
        tables.append((name, history_vector(strategy.space, profile_id=query.profile_id)))
        return name
    if strategy.reader == "similar_items" and query.item_ids:
        tables.append((name, context_vector(strategy.space, query.item_ids)))
        return name
    return ""


def _read_strategy(strategy: StrategyPlan, context: ReadContext, query: Query, target: str) -> Fragment | None:
    """Return the strategy's candidates; None where it has nothing to go by."""
    if target:
        return nearest_items(strategy, context, query_table=target)
    if strategy.reader == FRIENDS and query.profile_id is not None:
        return liked_by_friends(context, query, profile_id=query.profile_id)
    if strategy.model_id is None:
        return None
    if strategy.reader == "neighbours" and context.has_seeds:
        return summed_neighbours(strategy, context)
    if strategy.reader == "scores":
        return best_scores(strategy, context)
    if strategy.reader == "shortlist" and query.profile_id is not None:
        return ready_list(strategy, context, profile_id=query.profile_id)
    return None


def _score_items(strategy: StrategyPlan, query: Query, target: str, ids: list[int]) -> Fragment | None:
    """Return the strategy's scores of ``ids``; None where it has nothing to go by."""
    if target:
        return likeness_of_items(strategy, ids, query_table=target)
    if strategy.reader == FRIENDS and query.profile_id is not None:
        return friends_of_items(query, ids, profile_id=query.profile_id)
    if strategy.model_id is None:
        return None
    if strategy.reader == "neighbours" and (query.item_ids or query.profile_id is not None):
        return sum_for_items(strategy, ids, on_page=bool(query.item_ids))
    if strategy.reader == "scores":
        return scores_of_items(strategy, ids)
    if strategy.reader == "shortlist" and query.profile_id is not None:
        return listed_scores(strategy, ids, profile_id=query.profile_id)
    return None


def _join(tables: Tables, selects: Sequence[tuple[int, Fragment]], *, columns: str) -> Statement:
    ctes = ", ".join(f"{name} AS MATERIALIZED ({fragment.sql})" for name, fragment in tables)
    union = " UNION ALL ".join(
        f"SELECT {place:d}, {columns} FROM ({fragment.sql}) list{number:d}"
        for number, (place, fragment) in enumerate(selects)
    )
    params = [param for _, fragment in (*tables, *selects) for param in fragment.params]
    return Statement(f"WITH {ctes} {union}" if ctes else union, params)
