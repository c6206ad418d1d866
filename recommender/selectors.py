"""Reads behind a recommendation: the plan of a placement, and the ids that a request names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

from recommender.models import PlacementStrategy
from recommender.records import FittedRef, HistoryReading, Plan, SpaceRef, StrategyPlan

Reader = PlacementStrategy.Reader
_VECTORS = (Reader.SIMILAR_ITEMS, Reader.HISTORY_MATCH)


class QueryError(ValueError):
    """A request cannot be answered: ``field`` and ``reason`` for the caller, ``code`` for a program."""

    def __init__(self, field: str, reason: str, code: str = "invalid") -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True)
class ResolvedKeys:
    """Primary keys for the external ids of a request; None or absent where unknown."""

    profile_id: int | None
    item_ids: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Model:
    id: int
    readings: tuple[HistoryReading, ...]


_PLAN_SQL = """
SELECT (SELECT to_jsonb(p) FROM recommender_placement p WHERE p.catalog_id = %(catalog)s AND p.key = %(key)s)::text,
    (SELECT jsonb_agg(jsonb_build_object('reader', s.reader, 'source', s.source, 'weight', s.weight)
            ORDER BY s.position, s.id)
        FROM recommender_placementstrategy s JOIN recommender_placement p ON p.id = s.placement_id
        WHERE p.catalog_id = %(catalog)s AND p.key = %(key)s)::text,
    (SELECT jsonb_agg(jsonb_build_object('role', e.role, 'id', e.id, 'dimensions', e.dimensions, 'metric', e.metric))
        FROM catalog_embeddingspace e WHERE e.catalog_id = %(catalog)s AND e.state = 'active')::text,
    (SELECT jsonb_agg(jsonb_build_object('learner', m.learner, 'id', m.id, 'readings', m.readings))
        FROM recommender_trainedmodel m WHERE m.catalog_id = %(catalog)s AND m.state = 'active')::text,
    (SELECT jsonb_build_object('id', f.id, 'ranker', f.ranker, 'sources', f.sources)
        FROM recommender_fittedranking f JOIN recommender_placement p ON p.id = f.placement_id
        WHERE p.catalog_id = %(catalog)s AND p.key = %(key)s AND f.state = 'active')::text
"""


def load_plan(catalog_id: int, placement_key: str) -> Plan:
    """Resolve a placement against what is published now, in one statement; raise QueryError if there is none."""
    # Postgres stores no text with a NUL in it, nor takes one as a parameter: nothing has such a name.
    known = "" if "\0" in placement_key else placement_key
    placement, strategies, spaces, models, fitted = _read_plan_parts(catalog_id, known)
    if placement is None:
        raise QueryError("placement", f"no placement {placement_key!r}", "placement_not_found")
    return Plan(
        catalog_id=catalog_id,
        strategies=_resolve_strategies(strategies, spaces, models),
        size=placement["size"],
        placement_id=placement["id"],
        placement_key=placement["key"],
        heading=placement["name"],
        ranker=placement["ranker"],
        ranker_options=placement["ranker_options"],
        fitted=fitted,
        reranker=placement["reranker"],
        reranker_options=placement["reranker_options"],
        diversity=placement["diversity"],
        diversity_space=spaces.get("text"),
        filters=placement["filters"],
        exclude_seen=placement["exclude_seen"],
        widget=placement["widget"],
        widget_options=placement["widget_options"],
    )


def load_similar_plan(catalog_id: int) -> Plan:
    """Return the plan behind "more like this item": likeness of content, then what accompanies it."""
    _, _, spaces, models, _ = _read_plan_parts(catalog_id, "")
    strategies = [
        {"reader": Reader.SIMILAR_ITEMS, "source": "text", "weight": 1.0},
        {"reader": Reader.NEIGHBOURS, "source": "co_visitation", "weight": 0.5},
    ]
    return Plan(catalog_id=catalog_id, strategies=_resolve_strategies(strategies, spaces, models), exclude_seen=False)


def resolve_keys(catalog_id: int, *, user_id: str | None, item_keys: Sequence[str]) -> ResolvedKeys:
    """Find the profile (an alias leads to the one it was merged into) and items by external id: one statement."""
    known_user = None if user_id is not None and "\0" in user_id else user_id
    known_keys = [key for key in item_keys if "\0" not in key]
    # The catalog in a select of its own: a planner that does not know the catalog yet would walk all of its items
    # for a key, as it takes an index that begins with the catalog for as good as that of the keys.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT COALESCE(merged_into_id, id) FROM profiles_profile "
            "WHERE catalog_id = (SELECT %s::bigint) AND key = %s), "
            "(SELECT json_object_agg(key, id) FROM catalog_item "
            "WHERE catalog_id = (SELECT %s::bigint) AND key = ANY(%s))::text",
            [catalog_id, known_user, catalog_id, known_keys],
        )
        profile_id, item_ids = cursor.fetchone() or (None, None)
    return ResolvedKeys(profile_id, orjson.loads(item_ids) if item_ids else {})


def name_strategy(reader: str, source: str) -> str:
    """Return what a plan, a slate's ``sources`` and fitted rankings call a strategy: ``popular``, ``history_match``."""
    if reader == Reader.FRIENDS:
        return reader
    if reader not in _VECTORS:
        return source
    return reader if source == "text" else f"{reader}_{source}"


def _read_plan_parts(
    catalog_id: int, placement_key: str
) -> tuple[dict[str, Any] | None, list[dict[str, Any]], dict[str, SpaceRef], dict[str, _Model], FittedRef | None]:
    with connection.cursor() as cursor:
        cursor.execute(_PLAN_SQL, {"catalog": catalog_id, "key": placement_key})
        row = cursor.fetchone() or (None,) * 5
    placement, strategies, spaces, models, fitted = (orjson.loads(part) if part else None for part in row)
    return (
        placement,
        strategies or [],
        {space["role"]: SpaceRef(space["id"], space["dimensions"], space["metric"]) for space in spaces or []},
        {model["learner"]: _read_model(model) for model in models or []},
        fitted and FittedRef(fitted["id"], fitted["ranker"], tuple(fitted["sources"])),
    )


def _resolve_strategies(
    strategies: Sequence[dict[str, Any]], spaces: dict[str, SpaceRef], models: dict[str, _Model]
) -> tuple[StrategyPlan, ...]:
    """Resolve each strategy; one whose shape is not published yet stays, and proposes nothing.

    The popular items come last as a fallback, unless the placement reads them itself.
    """
    resolved = []
    for strategy in strategies:
        reader, source = strategy["reader"], strategy["source"]
        vectors = reader in _VECTORS
        by_model = not vectors and reader != Reader.FRIENDS
        model = models.get(source) if by_model else None
        resolved.append(
            StrategyPlan(
                name=name_strategy(reader, source),
                reader=reader,
                weight=strategy["weight"],
                space=spaces.get(source) if vectors else None,
                model_id=None if model is None else model.id,
                readings=model.readings if model is not None and reader == Reader.NEIGHBOURS else (),
            )
        )
    if "popular" in models and not any(s.name == "popular" for s in resolved):
        resolved.append(StrategyPlan("fallback_popular", Reader.SCORES, 0.0, model_id=models["popular"].id))
    return tuple(resolved)


def _read_model(row: dict[str, Any]) -> _Model:
    readings = tuple(HistoryReading(float(entry["half_life"]), int(entry["window"])) for entry in row["readings"])
    return _Model(row["id"], readings)
