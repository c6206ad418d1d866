"""The catalogue's tables."""

from catalog.models.api_key import ApiKey
from catalog.models.embedding import Embedding, EmbeddingSpace
from catalog.models.item import Item
from catalog.models.tenant import Catalog

__all__ = ["ApiKey", "Catalog", "Embedding", "EmbeddingSpace", "Item"]
