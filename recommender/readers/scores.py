"""Reads the scores shape, and the catalogue itself as the last fallback."""

from recommender.readers.fragments import Fragment, ReadContext
from recommender.records import StrategyPlan


def best_scores(strategy: StrategyPlan, context: ReadContext) -> Fragment:
    """Select (item_id, score, evidence_id) in the order of one published number an item."""
    return Fragment(
        "SELECT s.item_id, s.score, 0::bigint AS evidence_id FROM recommender_itemscore s "
        f"WHERE s.model_id = {strategy.model_id:d} AND s.item_id IN ({context.eligible.sql}) "
        f"ORDER BY s.score DESC, s.item_id LIMIT {context.limit:d}",
        list(context.eligible.params),
    )


def newest_items(context: ReadContext) -> Fragment:
    """Select whatever is eligible, newest first: what keeps a slate from being empty.

    The eligible items are themselves a select from the items, so that this is one walk of their newest-first index.
    """
    return Fragment(
        "SELECT item_id, -(row_number() OVER ())::float8 AS score, 0::bigint AS evidence_id FROM ("
        f"{context.eligible.sql} ORDER BY catalog_item.published_at DESC NULLS LAST, catalog_item.id DESC "
        f"LIMIT {context.limit:d}) newest(item_id)",
        list(context.eligible.params),
    )


def scores_of_items(strategy: StrategyPlan, ids: list[int]) -> Fragment:
    """Select (item_id, score) of given items."""
    return Fragment(
        "SELECT item_id, score FROM recommender_itemscore "
        f"WHERE model_id = {strategy.model_id:d} AND item_id = ANY(%s::bigint[])",
        [ids],
    )
