"""Reads the shortlists shape: a ready list for one profile, filtered live."""

from recommender.readers.fragments import Fragment, ReadContext
from recommender.records import StrategyPlan


def ready_list(strategy: StrategyPlan, context: ReadContext, *, profile_id: int) -> Fragment:
    """Select (item_id, score, evidence_id) of the profile's own list."""
    return Fragment(
        "SELECT l.item_id, l.score, 0::bigint AS evidence_id FROM recommender_shortlist r, "
        "unnest(r.item_ids, r.scores) AS l(item_id, score) "
        f"WHERE r.model_id = {strategy.model_id:d} AND r.profile_id = {profile_id:d} "
        f"AND l.item_id IN ({context.eligible.sql}) ORDER BY l.score DESC, l.item_id LIMIT {context.limit:d}",
        list(context.eligible.params),
    )


def listed_scores(strategy: StrategyPlan, ids: list[int], *, profile_id: int) -> Fragment:
    """Select (item_id, score) of given items, as far as they are in the profile's own list."""
    return Fragment(
        "SELECT l.item_id, l.score FROM recommender_shortlist r, unnest(r.item_ids, r.scores) AS l(item_id, score) "
        f"WHERE r.model_id = {strategy.model_id:d} AND r.profile_id = {profile_id:d} "
        "AND l.item_id = ANY(%s::bigint[])",
        [ids],
    )
