"""Sums a history up in a few interests: decayed weights, clusters of vectors, keywords. Numbers only, no ORM."""

from profiles.interests.clusters import Cluster, InterestVector, decay_weights, find_clusters, sum_by_item
from profiles.interests.keywords import TermCounts, count_terms, find_keywords, split_terms

__all__ = [
    "Cluster",
    "InterestVector",
    "TermCounts",
    "count_terms",
    "decay_weights",
    "find_clusters",
    "find_keywords",
    "split_terms",
    "sum_by_item",
]
