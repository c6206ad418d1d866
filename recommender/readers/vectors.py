"""Reads the vectors shape: the items nearest to a query vector, by cosine or inner product.

Of two paths, the one that fits is taken inside the statement. Where filters leave few items, these are
ranked exactly: always right, and cheap. Otherwise the HNSW index is walked, iteratively, until enough
items have passed; its order is that of the expression index of the space (catalog/vector_index.py).
"""

from catalog.halfvec import distance_sql, similarity_sql
from recommender.readers.fragments import Fragment, ReadContext
from recommender.records import SpaceRef, StrategyPlan

LOOK_UP_EVIDENCE = -1
"""Evidence of a candidate near a whole history: which of its items is the nearest is read for the final slate alone."""

MOST_BEHIND = 10
"""Items of a history that a vector learned for a person may not know of yet. On MovieLens 1M the sequence network's
vector finds the next item oftener than the mean of the history's items does until it is ten steps old."""

FEW_ITEMS = 5000
"""Up to so many items that pass narrow filters are ranked exactly."""


def history_vector(space: SpaceRef, *, profile_id: int) -> Fragment:
    """Select the one query vector of a profile: what a learner computed for it, else the mean of the history's items.

    A worker computes it anew after each interaction; until then the last one serves, if it knows of all but MOST_BEHIND
    items of the history as it is read now. A vector of zeros is one that says nothing.
    """
    mean = _mean_vector(space)
    return Fragment(
        f"SELECT COALESCE((SELECT v.vector::halfvec({space.dimensions}) FROM recommender_profilevector v "
        f"WHERE v.space_id = {space.id:d} AND v.profile_id = {profile_id:d} "
        f"AND (SELECT count(*) FILTER (WHERE newest_id > v.interaction_id) <= {MOST_BEHIND:d} AND count(*) > 0 "
        "FROM history) AND l2_norm(v.vector) > 0), "
        f"({mean.sql})) AS vector",
        mean.params,
    )


def _mean_vector(space: SpaceRef) -> Fragment:
    """Select the weighted mean of the vectors of a history's items at unit length, NULL where there are none.

    Negative weights push away, but never stand alone: without a positive one there is nothing to look for.
    pgvector has no product of number and vector, hence the filled array. What weighs nothing beside the heaviest
    counts as nothing: single precision may not hold it, which is an error there.
    """
    share = "h.weight / greatest(1e-12, t.largest)"
    share = f"(CASE WHEN abs({share}) < 1e-12 THEN 0 ELSE {share} END)::real"
    return Fragment(
        f"SELECT CASE WHEN vector_norm(total) > 1e-12 AND liked > 0 "
        f"THEN l2_normalize(total)::halfvec({space.dimensions}) END FROM ("
        f"SELECT sum(array_fill({share}, ARRAY[{space.dimensions}])"
        f"::vector({space.dimensions}) * e.vector::vector({space.dimensions})) AS total, "
        "max(h.weight) AS liked "
        "FROM (SELECT max(abs(weight)) AS largest FROM history) t, history h "
        f"JOIN catalog_embedding e ON e.space_id = {space.id:d} AND e.item_id = h.item_id "
        "WHERE e.vector IS NOT NULL) summed"
    )


def context_vector(space: SpaceRef, item_ids: tuple[int, ...]) -> Fragment:
    """Select the one query vector of the context items: the mean of their unit vectors, NULL where none."""
    return Fragment(
        f"SELECT avg(l2_normalize(vector)::vector({space.dimensions}))::halfvec({space.dimensions}) AS vector "
        f"FROM catalog_embedding WHERE space_id = {space.id:d} AND vector IS NOT NULL AND item_id = ANY(%s)",
        [list(item_ids)],
    )


def nearest_items(strategy: StrategyPlan, context: ReadContext, *, query_table: str) -> Fragment:
    """Select (item_id, score, evidence_id) of the items nearest to the vector in ``query_table``."""
    space = strategy.space
    assert space is not None
    target = f"(SELECT vector FROM {query_table})"
    distance = distance_sql("e.vector", target, dimensions=space.dimensions, metric=space.metric)
    similarity = similarity_sql(distance, metric=space.metric)
    evidence = context.context_items[0] if strategy.reader == "similar_items" else LOOK_UP_EVIDENCE
    # pgvector's HNSW skips no row for a NULL query; the one-time test does.
    wanted = f"e.space_id = {space.id:d} AND e.vector IS NOT NULL AND {target} IS NOT NULL"

    def select(source: str, test: str, order: str) -> str:
        return (
            f"(SELECT e.item_id, {similarity} AS score, ({evidence:d})::bigint AS evidence_id "
            f"FROM {source} WHERE {wanted} AND {test} ORDER BY {order} LIMIT {context.limit:d})"
        )

    indexed = select("catalog_embedding e", f"e.item_id IN ({context.eligible.sql})", distance)
    if not context.narrow:
        return Fragment(indexed, list(context.eligible.params))
    # "+ 0" keeps the planner from the index: these few are ranked exactly.
    exact = select(
        "few JOIN catalog_embedding e ON e.item_id = few.id", "NOT (SELECT many FROM breadth)", f"({distance}) + 0"
    )
    walked = select(
        "catalog_embedding e", f"(SELECT many FROM breadth) AND e.item_id IN ({context.eligible.sql})", distance
    )
    return Fragment(
        f"SELECT * FROM {exact} exact UNION ALL SELECT * FROM {walked} walked", list(context.eligible.params)
    )


def likeness_of_items(strategy: StrategyPlan, ids: list[int], *, query_table: str) -> Fragment:
    """Select (item_id, score) of given items: how near each is to the vector in ``query_table``."""
    space = strategy.space
    assert space is not None
    target = f"(SELECT vector FROM {query_table})"
    distance = distance_sql("e.vector", target, dimensions=space.dimensions, metric=space.metric)
    return Fragment(
        f"SELECT e.item_id, {similarity_sql(distance, metric=space.metric)} AS score FROM catalog_embedding e "
        f"WHERE e.space_id = {space.id:d} AND e.item_id = ANY(%s::bigint[]) AND e.vector IS NOT NULL "
        f"AND {target} IS NOT NULL",
        [ids],
    )


def breadth_tables(context: ReadContext) -> list[tuple[str, Fragment]]:
    """Return the tables that choose the path: ``few`` eligible ids, and whether there are ``many`` more."""
    few = Fragment(
        f"SELECT id FROM ({context.eligible.sql} LIMIT {FEW_ITEMS + 1:d}) narrowed(id)", context.eligible.params
    )
    return [("few", few), ("breadth", Fragment(f"SELECT count(*) > {FEW_ITEMS:d} AS many FROM few"))]
