"""Learners: components that train and publish one shape."""

from recommender.learners.base import (
    Arrays,
    Checkpoint,
    Learner,
    Neighbours,
    Progress,
    Publication,
    Scores,
    Shape,
    Shortlists,
    TrainingCancelled,
    Vectors,
    learners,
)

__all__ = [
    "Arrays",
    "Checkpoint",
    "Learner",
    "Neighbours",
    "Progress",
    "Publication",
    "Scores",
    "Shape",
    "Shortlists",
    "TrainingCancelled",
    "Vectors",
    "learners",
]
