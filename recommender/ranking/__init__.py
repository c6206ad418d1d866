"""Rankers: components that order the merged candidates."""

from recommender.ranking.base import Ranker, rankers

__all__ = ["Ranker", "rankers"]
