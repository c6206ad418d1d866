"""Pieces of SQL that readers share: a text with its parameters, and what they may refer to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet

from catalog.models import Item
from profiles.conf import get_conf
from profiles.kinds import half_life_sql, strength_sql
from recommender.records import LONGEST_HISTORY, Plan, Query, StrategyPlan

LEAST_EXPONENT = -1000.0
"""Of 2: Postgres takes a power that is too small for a number for an error, not for 0."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL and the parameters of its placeholders, in order."""

    sql: str
    params: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What a reader may refer to: common table expressions by name, and its limit.

    ``eligible`` selects the ids of the items that may be shown; ``narrow`` says that editors' or
    caller's filters cut it down. ``history`` (item_id, weight, kind, newest_id), ``steps`` (item_id, back) and
    ``seeds`` (item_id, weight) exist in the statement where ``has_history`` and ``has_seeds`` say so.
    """

    eligible: Fragment
    narrow: bool
    limit: int
    has_history: bool
    context_items: tuple[int, ...]

    @property
    def has_seeds(self) -> bool:
        """Whether there is anything to look up neighbours of."""
        return self.has_history or bool(self.context_items)


def eligible_items(plan: Plan, query: Query) -> Fragment:
    """Select the ids that may be shown: visible now, through the filters, not excluded, not in ``seen``."""
    items = Item.objects.in_catalog(query.catalog_id).visible(query.now)
    if plan.filters or query.filters:
        items = items.filter(**plan.filters).filter(**query.filters)
    excluded = {*query.exclude_ids, *query.item_ids}
    if excluded:
        items = items.exclude(pk__in=sorted(excluded))
    try:
        sql, params = items.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:  # a filter like kind__in=[] that nothing can pass
        return Fragment("SELECT id FROM catalog_item WHERE false")
    if query.people:
        sql += ' AND NOT ("catalog_item"."id" IN (SELECT item_id FROM seen))'
    return Fragment(sql, list(params))


def seen_table(plan: Plan, query: Query) -> Fragment:
    """Select the item ids that the profile, any of a group or all of it, has met up to ``query.now``.

    Where seen items may return, what was answered with a negative kind (dismiss, dislike) still stays out, whoever
    answered so.
    """
    people = query.people
    pushing_away = [name for name, rule in get_conf().kinds.items() if rule.weight < 0]
    met = "FROM profiles_interaction WHERE profile_id = ANY(%s) AND occurred_at <= %s AND item_id IS NOT NULL"
    params: list[Any] = [list(people), query.now]
    if not plan.exclude_seen:
        return Fragment(f"SELECT DISTINCT item_id {met} AND kind = ANY(%s)", [*params, pushing_away])
    if not query.seen_by_all:
        return Fragment(f"SELECT DISTINCT item_id {met}", params)
    return Fragment(
        f"SELECT item_id {met} GROUP BY item_id HAVING count(DISTINCT profile_id) = %s OR bool_or(kind = ANY(%s))",
        [*params, len(people), pushing_away],
    )


def history_table(query: Query) -> Fragment:
    """Select (item_id, weight, kind, newest_id): the latest interactions up to ``query.now``, one row an item.

    The weight of a row is its kind's strength halved every half-life; rows of one item add up. ``newest_id`` is the
    highest id of an item's rows. The inner select is one range scan of the history index.
    """
    conf = get_conf()
    strength, strength_params = strength_sql(conf.kinds, kind="kind", value="value")
    half_life, half_life_params = half_life_sql(conf.kinds, kind="kind")
    sql = (
        "SELECT item_id, sum(weight) AS weight, (array_agg(kind ORDER BY weight DESC))[1] AS kind, "
        "max(id) AS newest_id FROM ("
        f"SELECT id, item_id, kind, {strength} * power(2.0::float8, greatest({LEAST_EXPONENT}, "
        f"-extract(epoch FROM %s - occurred_at)::float8 / ({half_life}))) AS weight FROM ("
        "SELECT id, item_id, kind, value, occurred_at FROM profiles_interaction "
        "WHERE profile_id = %s AND occurred_at <= %s ORDER BY occurred_at DESC, id DESC LIMIT %s"
        ") latest WHERE item_id IS NOT NULL) weighted GROUP BY item_id"
    )
    params = [
        *strength_params,
        query.now,
        *half_life_params,
        query.profile_id,
        query.now,
        conf.history_length,
    ]
    return Fragment(sql, params)


def steps_table(query: Query, *, length: int) -> Fragment:
    """Select (item_id, back): the latest ``length`` steps up to ``query.now``, ``back`` 0 for the newest.

    Steps are those of ``training.steps.make_steps``: positive interactions, a run of one item counting once, at its
    latest. The scan of the history index ends once ``length`` are found, however many rows that takes.
    """
    conf = get_conf()
    strength, strength_params = strength_sql(conf.kinds, kind="kind", value="value")
    order = "ORDER BY occurred_at DESC, id DESC"
    sql = (
        f"SELECT item_id, (row_number() OVER ({order}) - 1)::int AS back FROM ("
        f"SELECT item_id, occurred_at, id, lag(item_id) OVER ({order}) AS next_id FROM profiles_interaction "
        f"WHERE profile_id = %s AND occurred_at <= %s AND item_id IS NOT NULL AND {strength} > 0"
        f") liked WHERE item_id IS DISTINCT FROM next_id {order} LIMIT %s"
    )
    return Fragment(sql, [query.profile_id, query.now, *strength_params, length])


def count_steps(strategies: Sequence[StrategyPlan]) -> int:
    """Return how many steps are read for ``strategies``: as many as the widest reading, and all that are counted."""
    windows = [reading.window for strategy in strategies for reading in strategy.readings]
    return max([LONGEST_HISTORY, *windows])
