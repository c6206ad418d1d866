"""Re-rankers: components that change a ranking list-wise."""

from recommender.reranking.base import Reranker, rerankers

__all__ = ["Reranker", "rerankers"]
