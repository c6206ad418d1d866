"""Reads the neighbours shape: the decayed sum over the items of the history, or of the context."""

from recommender.readers.fragments import Fragment, ReadContext
from recommender.records import StrategyPlan


def summed_neighbours(strategy: StrategyPlan, context: ReadContext) -> Fragment:
    """Select (item_id, score, evidence_id): Σ weight(seed) × weight(seed → item), the strongest seed as evidence.

    The sums are sorted before they are filtered, so that only as many items as are wanted are looked up. The
    strongest seed is the end of the largest pair (contribution, seed): ids below 2^53 are exact as numbers.
    """
    return Fragment(
        "SELECT item_id, score, strongest[2]::bigint AS evidence_id FROM ("
        "SELECT n.item_id, sum(s.weight * n.weight) AS score, "
        "max(ARRAY[s.weight * n.weight, s.item_id::float8]) AS strongest "
        f"FROM seeds s JOIN recommender_itemneighbours r ON r.model_id = {strategy.model_id:d} "
        "AND r.item_id = s.item_id, unnest(r.neighbour_ids, r.weights) AS n(item_id, weight) "
        "GROUP BY n.item_id ORDER BY score DESC, n.item_id OFFSET 0) summed "
        f"WHERE score > 0 AND item_id IN ({context.eligible.sql}) "
        f"ORDER BY score DESC, item_id LIMIT {context.limit:d}",
        list(context.eligible.params),
    )
