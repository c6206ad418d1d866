"""Reads of the catalogue: spaces, how far they are built, what failed, what lies near an item."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import F

from catalog.halfvec import cast_sql, distance_sql, similarity_sql
from catalog.models import Embedding, EmbeddingSpace


@dataclass(frozen=True, slots=True)
class SpaceCoverage:
    """How far a space is built: items by what became of them; ``total`` is the sum of the other three."""

    encoded: int
    stale: int
    """Not encoded yet, or changed since."""
    failed: int
    """Set aside: their present content could not be encoded."""
    total: int

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do; one item in a thousand may lag behind, as items change all the time."""
        return self.stale * 1000 <= self.total


@dataclass(frozen=True, slots=True)
class NearItem:
    """An item near another, with their similarity (cosine, or the inner product)."""

    item_id: int
    key: str
    title: str
    similarity: float


_COUNT_ENCODED = """
SELECT count(*),
       count(*) FILTER (WHERE e.content_digest = i.content_digest),
       count(*) FILTER (WHERE e.content_digest IS DISTINCT FROM i.content_digest
                        AND e.failed_digest = i.content_digest)
FROM catalog_item i LEFT JOIN catalog_embedding e ON e.item_id = i.id AND e.space_id = %s
WHERE i.catalog_id = %s
"""
_COUNT_PUBLISHED = """
SELECT (SELECT count(*) FROM catalog_item WHERE catalog_id = %(catalog)s),
       (SELECT count(*) FROM catalog_embedding WHERE space_id = %(space)s AND vector IS NOT NULL)
"""


def space_coverage(space_id: int) -> SpaceCoverage:
    """Count a space's items by state: one pass over the catalog's items.

    A learner's space covers the items it was published with; the others are not stale, and not in ``total``.
    """
    space = EmbeddingSpace.objects.only("catalog_id", "encoder").get(pk=space_id)
    with connection.cursor() as cursor:
        if not space.encoder:
            cursor.execute(_COUNT_PUBLISHED, {"catalog": space.catalog_id, "space": space_id})
            _, published = cursor.fetchone()
            return SpaceCoverage(encoded=published, stale=0, failed=0, total=published)
        cursor.execute(_COUNT_ENCODED, [space_id, space.catalog_id])
        total, encoded, failed = cursor.fetchone()
    return SpaceCoverage(encoded=encoded, stale=total - encoded - failed, failed=failed, total=total)


def active_space(catalog_id: int, role: str = "text") -> EmbeddingSpace | None:
    """Return the active space of a role, None where there is none."""
    return EmbeddingSpace.objects.in_catalog(catalog_id).filter(role=role, state="active").first()


def find_earlier_space(catalog_id: int, role: str = "text") -> EmbeddingSpace | None:
    """Return the space that was active last, before the present one: where a rollback leads."""
    retired = EmbeddingSpace.objects.in_catalog(catalog_id).filter(role=role, state="retired")
    return retired.exclude(activated_at=None).order_by(F("activated_at").desc(), "-pk").first()


def failed_embeddings(space_id: int, *, limit: int = 100) -> list[Embedding]:
    """Return rows whose items were set aside, with key and title of the item loaded."""
    return list(Embedding.objects.in_space(space_id).failed().with_item_titles().order_by("item_id")[:limit])


def nearest_items(item_id: int, *, space_id: int, k: int = 10) -> list[NearItem]:
    """Return the ``k`` items nearest to an item in a space, nearest first; none where it has no vector there.

    Hidden and expired items are among them: editors look at these. The order is approximate where an HNSW
    index answers.
    """
    space = EmbeddingSpace.objects.only("metric", "dimensions").get(pk=space_id)
    if space.dimensions is None:
        return []
    dimensions, metric = space.dimensions, space.metric
    target = (
        f"(SELECT {cast_sql('vector', dimensions=dimensions)} FROM catalog_embedding "
        f"WHERE space_id = {space_id:d} AND item_id = {item_id:d} AND vector IS NOT NULL)"
    )
    distance = distance_sql("e.vector", target, dimensions=dimensions, metric=metric)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT near.item_id, i.key, i.title, {similarity_sql('near.distance', metric=metric)} FROM ("
            f"SELECT e.item_id, {distance} AS distance FROM catalog_embedding e "
            f"WHERE e.space_id = {space_id:d} AND e.vector IS NOT NULL AND e.item_id <> {item_id:d} "
            f"AND {target} IS NOT NULL ORDER BY {distance} LIMIT %s"
            ") near JOIN catalog_item i ON i.id = near.item_id ORDER BY near.distance, near.item_id",
            [k],
        )
        return [NearItem(*row) for row in cursor.fetchall()]
