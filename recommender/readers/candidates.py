"""Reads the candidates of every strategy of a plan in one statement, one round trip."""

from collections.abc import Sequence

import numpy as np
from django.db import connection

from recommender.readers.statements import HISTORY_LENGTH, compose_candidates
from recommender.records import LONGEST_HISTORY, CandidateList, Candidates, Plan, Query

LAST_FALLBACK = "fallback_newest"
"""Source of an entry that only the catalogue itself proposed."""


def read_candidates(plan: Plan, query: Query, *, limit: int) -> Candidates:
    """Return one list a strategy, in the plan's order, and the catalogue's newest as the last.

    ``limit`` bounds each list. A strategy that has nothing to go by (no history, no context item)
    gives an empty list; a score that is not finite is no candidate's.
    """
    statement = compose_candidates(plan, query, limit=limit)
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        rows = cursor.fetchall()
    names = [(strategy.name, strategy.weight) for strategy in plan.strategies] + [(LAST_FALLBACK, 0.0)]
    grouped: list[list[tuple[int, float, int]]] = [[] for _ in names]
    steps = 0
    for place, item_id, score, evidence_id in rows:
        if place == HISTORY_LENGTH:
            steps = int(score)
        else:
            grouped[place].append((item_id, score, evidence_id))
    lists = [_make_list(name, weight, found) for (name, weight), found in zip(names, grouped, strict=True)]
    return Candidates(tuple(lists), min(steps, LONGEST_HISTORY))


def _make_list(name: str, weight: float, found: Sequence[tuple[int, float, int]]) -> CandidateList:
    item_ids = np.array([row[0] for row in found], dtype=np.int64)
    scores = np.array([row[1] for row in found], dtype=np.float64)
    evidence_ids = np.array([row[2] for row in found], dtype=np.int64)
    order = np.lexsort((item_ids, -scores))
    order = order[np.isfinite(scores[order])]
    return CandidateList(name, weight, item_ids[order], scores[order], evidence_ids[order])
