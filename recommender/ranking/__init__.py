"""Rankers: components that order the merged candidates."""

from recommender.ranking.base import FittedArraysError, Ranker, rankers

__all__ = ["FittedArraysError", "Ranker", "rankers"]
