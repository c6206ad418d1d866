"""Reads the candidates of every strategy of a plan in one statement, one round trip."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection

from recommender.readers.fragments import (
    Fragment,
    ReadContext,
    count_steps,
    eligible_items,
    history_table,
    seen_table,
    steps_table,
)
from recommender.readers.neighbours import summed_neighbours
from recommender.readers.scores import best_scores, newest_items
from recommender.readers.shortlists import ready_list
from recommender.readers.vectors import breadth_tables, context_vector, history_vector, nearest_items
from recommender.records import CandidateList, Plan, Query, StrategyPlan

LAST_FALLBACK = "fallback_newest"
"""Source of an entry that only the catalogue itself proposed."""


def read_candidates(plan: Plan, query: Query, *, limit: int) -> list[CandidateList]:
    """Return one list a strategy, in the plan's order, and the catalogue's newest as the last.

    ``limit`` bounds each list. A strategy that has nothing to go by (no history, no context item)
    gives an empty list; a score that is not finite is no candidate's.
    """
    sql, params = compose_statement(plan, query, limit=limit)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    names = [(strategy.name, strategy.weight) for strategy in plan.strategies] + [(LAST_FALLBACK, 0.0)]
    grouped: list[list[tuple[int, float, int]]] = [[] for _ in names]
    for place, item_id, score, evidence_id in rows:
        grouped[place].append((item_id, score, evidence_id))
    return [_make_list(name, weight, found) for (name, weight), found in zip(names, grouped, strict=True)]


def compose_statement(plan: Plan, query: Query, *, limit: int) -> tuple[str, list[Any]]:
    """Return the whole statement: (place of the list, item id, score, evidence id)."""
    context = ReadContext(
        eligible=eligible_items(plan, query),
        narrow=bool(plan.filters or query.filters),
        limit=limit,
        has_history=query.profile_id is not None,
        context_items=query.item_ids,
    )
    tables: list[tuple[str, Fragment]] = []
    if query.profile_id is not None:
        tables += [("history", history_table(query)), ("seen", seen_table(plan, query))]
        if any(strategy.readings for strategy in plan.strategies):
            tables.append(("steps", steps_table(query, length=count_steps(plan.strategies))))
    tables += _seed_tables(context)
    if context.narrow:
        tables += breadth_tables(context)
    selects = []
    for place, strategy in enumerate(plan.strategies):
        fragment = _read_strategy(strategy, context, query, tables, query_table=f"target{place}")
        if fragment is not None:
            selects.append((place, fragment))
    selects.append((len(plan.strategies), newest_items(context)))
    ctes = ", ".join(f"{name} AS MATERIALIZED ({fragment.sql})" for name, fragment in tables)
    union = " UNION ALL ".join(
        f"SELECT {place:d}, item_id, score, evidence_id FROM ({fragment.sql}) list{place:d}"
        for place, fragment in selects
    )
    params = [param for _, fragment in (*tables, *selects) for param in fragment.params]
    return (f"WITH {ctes} {union}" if ctes else union), params


def _seed_tables(context: ReadContext) -> list[tuple[str, Fragment]]:
    """The page's item speaks for what accompanies it; without one, the history does."""
    if context.context_items:
        ids = list(context.context_items)
        return [("seeds", Fragment("SELECT unnest(%s::bigint[]) AS item_id, 1.0::float8 AS weight", [ids]))]
    if context.has_history:
        return [("seeds", Fragment("SELECT item_id, weight FROM history"))]
    return []


def _read_strategy(
    strategy: StrategyPlan,
    context: ReadContext,
    query: Query,
    tables: list[tuple[str, Fragment]],
    *,
    query_table: str,
) -> Fragment | None:
    """Return the strategy's select, adding the tables that it needs; None where it has nothing to go by."""
    if strategy.reader == "history_match" and strategy.space is not None and query.profile_id is not None:
        tables.append((query_table, history_vector(strategy.space, profile_id=query.profile_id)))
        return nearest_items(strategy, context, query_table=query_table)
    if strategy.reader == "similar_items" and strategy.space is not None and context.context_items:
        tables.append((query_table, context_vector(strategy.space, context.context_items)))
        return nearest_items(strategy, context, query_table=query_table)
    if strategy.model_id is None:
        return None
    if strategy.reader == "neighbours" and context.has_seeds:
        return summed_neighbours(strategy, context)
    if strategy.reader == "scores":
        return best_scores(strategy, context)
    if strategy.reader == "shortlist" and query.profile_id is not None:
        return ready_list(strategy, context, profile_id=query.profile_id)
    return None


def _make_list(name: str, weight: float, found: Sequence[tuple[int, float, int]]) -> CandidateList:
    item_ids = np.array([row[0] for row in found], dtype=np.int64)
    scores = np.array([row[1] for row in found], dtype=np.float64)
    evidence_ids = np.array([row[2] for row in found], dtype=np.int64)
    order = np.lexsort((item_ids, -scores))
    order = order[np.isfinite(scores[order])]
    return CandidateList(name, weight, item_ids[order], scores[order], evidence_ids[order])
