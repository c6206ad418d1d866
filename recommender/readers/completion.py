"""Reads what every strategy of a plan makes of given items, whoever proposed them."""

import numpy as np
from django.db import connection

from recommender.readers.statements import compose_completion
from recommender.records import FloatMatrix, Ids, Plan, Query


def complete_scores(plan: Plan, query: Query, item_ids: Ids) -> FloatMatrix:
    """Return float32 (m, S): the score of each item of ``item_ids`` (m,) under every strategy of the plan.

    In one statement, and the same numbers as ``read_candidates`` gives those that a strategy proposes. NaN where a
    strategy has nothing to say of an item: no vector, no row, no sum above 0 (or other than 0, where the model has
    readings), no history. Whether an item may be shown is not asked.
    """
    scores = np.full((len(item_ids), len(plan.strategies)), np.nan, dtype=np.float32)
    statement = compose_completion(plan, query, item_ids) if len(item_ids) else None
    if statement is None:
        return scores
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        rows = cursor.fetchall()
    if rows:
        columns, found, numbers = zip(*rows, strict=True)
        order = np.argsort(item_ids)
        places = order[np.searchsorted(item_ids, found, sorter=order)]
        with np.errstate(over="ignore"):
            scores[places, columns] = np.array(numbers, dtype=np.float64).astype(np.float32)
        scores[~np.isfinite(scores)] = np.nan
    return scores
