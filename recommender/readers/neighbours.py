"""Reads the neighbours shape: the weighted sum over the items of the history, or of the context."""

from recommender.readers.fragments import LEAST_EXPONENT, Fragment, ReadContext
from recommender.records import StrategyPlan


def summed_neighbours(strategy: StrategyPlan, context: ReadContext) -> Fragment:
    """Select (item_id, score, evidence_id): Σ weight(seed) × weight(seed → item), the strongest seed as evidence.

    Context items weigh 1 each, and all banks of theirs add up. A history is weighed by kind and time, and a sum that
    is not above 0 says nothing; a model with readings weighs it by steps instead, bank by bank, and a sum below 0 is a
    low score like any other.

    The sums are sorted before they are filtered, so that only as many items as are wanted are looked up. The
    strongest seed is the end of the largest pair (contribution, seed): ids below 2^53 are exact as numbers.
    """
    source = _join_rows(strategy, on_page=bool(context.context_items))
    return Fragment(
        "SELECT item_id, score, strongest[2]::bigint AS evidence_id FROM ("
        "SELECT n.item_id, sum(s.weight * n.weight) AS score, "
        "max(ARRAY[s.weight * n.weight, s.item_id::float8]) AS strongest "
        f"FROM {source.sql} GROUP BY n.item_id ORDER BY score DESC, n.item_id OFFSET 0) summed "
        f"WHERE score {_says_something(strategy)} AND item_id IN ({context.eligible.sql}) "
        f"ORDER BY score DESC, item_id LIMIT {context.limit:d}",
        [*source.params, *context.eligible.params],
    )


def sum_for_items(strategy: StrategyPlan, ids: list[int], *, on_page: bool) -> Fragment:
    """Select (item_id, score) of given items: the same sums, of those that have one."""
    source = _join_rows(strategy, on_page=on_page)
    total = "sum(s.weight * n.weight)"
    return Fragment(
        f"SELECT n.item_id, {total} AS score FROM {source.sql} WHERE n.item_id = ANY(%s::bigint[]) "
        f"GROUP BY n.item_id HAVING {total} {_says_something(strategy)}",
        [*source.params, ids],
    )


def _join_rows(strategy: StrategyPlan, *, on_page: bool) -> Fragment:
    """Join seeds ``s`` with their neighbours ``n``; ``on_page``: the seeds are context items, for every bank."""
    by_steps = bool(strategy.readings) and not on_page
    seeds = weighed_steps(strategy) if by_steps else Fragment("SELECT item_id, weight FROM seeds")
    return Fragment(
        f"({seeds.sql}) s JOIN recommender_itemneighbours r ON r.model_id = {strategy.model_id:d} "
        f"AND r.item_id = s.item_id{' AND r.bank = s.bank' if by_steps else ''}, "
        "unnest(r.neighbour_ids, r.weights) AS n(item_id, weight)",
        seeds.params,
    )


def _says_something(strategy: StrategyPlan) -> str:
    return "<> 0" if strategy.readings else "> 0"


def weighed_steps(strategy: StrategyPlan) -> Fragment:
    """Select (item_id, bank, weight): Σ 2^(-back / half-life) over an item's steps within the window of each bank.

    A half-life of 0 weighs every step 1.
    """
    readings = ", ".join(["(%s::int, %s::float8, %s::int)"] * len(strategy.readings))
    return Fragment(
        "SELECT t.item_id, b.bank, sum(CASE WHEN b.half_life > 0 "
        f"THEN power(2.0::float8, greatest({LEAST_EXPONENT}, -t.back / b.half_life)) ELSE 1.0 END) AS weight "
        f"FROM steps t JOIN (VALUES {readings}) b(bank, half_life, reach) ON t.back < b.reach "
        "GROUP BY t.item_id, b.bank",
        [
            number
            for bank, reading in enumerate(strategy.readings)
            for number in (bank, reading.half_life, reading.window)
        ],
    )
