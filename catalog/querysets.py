"""The vocabulary of catalogue queries: filters and annotations, no workflow."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from catalog.models import Embedding, EmbeddingSpace, Item  # noqa: F401


class ItemQuerySet(models.QuerySet["Item"]):
    """Queries on items; ``in_catalog`` is the way in."""

    def in_catalog(self, catalog_id: int) -> "ItemQuerySet":
        """Keep the items of one catalog."""
        return self.filter(catalog_id=catalog_id)

    def visible(self, now: datetime) -> "ItemQuerySet":
        """Keep what may be shown at ``now``: available, not hidden, published, not expired."""
        return self.filter(
            Q(published_at=None) | Q(published_at__lte=now),
            Q(expires_at=None) | Q(expires_at__gt=now),
            available=True,
            hidden=False,
        )


class EmbeddingSpaceQuerySet(models.QuerySet["EmbeddingSpace"]):
    """Queries on embedding spaces."""

    def in_catalog(self, catalog_id: int) -> "EmbeddingSpaceQuerySet":
        """Keep the spaces of one catalog."""
        return self.filter(catalog_id=catalog_id)

    def encoded(self) -> "EmbeddingSpaceQuerySet":
        """Keep the spaces that an encoder fills (the others are published by learners)."""
        return self.exclude(encoder="")

    def in_use(self) -> "EmbeddingSpaceQuerySet":
        """Keep the spaces that must follow the catalogue: building or active."""
        return self.filter(state__in=["building", "active"])


class EmbeddingQuerySet(models.QuerySet["Embedding"]):
    """Queries on embeddings."""

    def in_space(self, space_id: int) -> "EmbeddingQuerySet":
        """Keep the rows of one space."""
        return self.filter(space_id=space_id)

    def failed(self) -> "EmbeddingQuerySet":
        """Keep the rows whose current content could not be encoded."""
        return self.filter(failed_digest=models.F("item__content_digest"))

    def with_item_titles(self) -> "EmbeddingQuerySet":
        """Load the item with each row, without the heavy columns."""
        loaded: Any = self.select_related("item").only("space_id", "error", "attempts", "item__key", "item__title")
        return loaded  # type: ignore[no-any-return]
