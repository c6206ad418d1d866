"""Learners: components that train and publish one shape."""

from recommender.learners.base import (
    Learner,
    Neighbours,
    Progress,
    Publication,
    Scores,
    Shape,
    Shortlists,
    Vectors,
    learners,
)

__all__ = [
    "Learner",
    "Neighbours",
    "Progress",
    "Publication",
    "Scores",
    "Shape",
    "Shortlists",
    "Vectors",
    "learners",
]
