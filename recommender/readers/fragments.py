"""Pieces of SQL that readers share: a text with its parameters, and what they may refer to."""

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet

from catalog.models import Item
from profiles.conf import get_conf
from profiles.kinds import half_life_sql, strength_sql
from recommender.records import Plan, Query


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL and the parameters of its placeholders, in order."""

    sql: str
    params: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What a reader may refer to: common table expressions by name, and its limit.

    ``eligible`` selects the ids of the items that may be shown; ``narrow`` says that editors' or
    caller's filters cut it down. ``history`` (item_id, weight, kind) and ``seeds`` (item_id, weight)
    exist in the statement where ``has_history`` and ``has_seeds`` say so.
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
    if query.profile_id is not None:
        sql += ' AND NOT ("catalog_item"."id" IN (SELECT item_id FROM seen))'
    return Fragment(sql, list(params))


def seen_table(plan: Plan, query: Query) -> Fragment:
    """Select the item ids that the profile has met up to ``query.now``.

    Where seen items may return, what was answered with a negative kind (dismiss, dislike) still stays out.
    """
    sql = (
        "SELECT DISTINCT item_id FROM profiles_interaction "
        "WHERE profile_id = %s AND occurred_at <= %s AND item_id IS NOT NULL"
    )
    params: list[Any] = [query.profile_id, query.now]
    if not plan.exclude_seen:
        sql += " AND kind = ANY(%s)"
        params.append([name for name, rule in get_conf().kinds.items() if rule.weight < 0])
    return Fragment(sql, params)


def history_table(query: Query) -> Fragment:
    """Select (item_id, weight, kind): the latest interactions up to ``query.now``, one row an item.

    The weight of a row is its kind's strength halved every half-life; rows of one item add up. The
    inner select is one range scan of the history index.
    """
    conf = get_conf()
    strength, strength_params = strength_sql(conf.kinds, kind="kind", value="value")
    half_life, half_life_params = half_life_sql(conf.kinds, kind="kind")
    sql = (
        "SELECT item_id, sum(weight) AS weight, (array_agg(kind ORDER BY weight DESC))[1] AS kind FROM ("
        f"SELECT item_id, kind, {strength} * "
        f"power(2.0::float8, -extract(epoch FROM %s - occurred_at)::float8 / ({half_life})) AS weight FROM ("
        "SELECT item_id, kind, value, occurred_at FROM profiles_interaction "
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
