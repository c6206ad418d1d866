"""The recommender's tables."""

from recommender.models.placement import Placement, PlacementStrategy
from recommender.models.published import ItemNeighbours, ItemScore, Shortlist
from recommender.models.recommendation import Recommendation
from recommender.models.trained_model import TrainedModel

__all__ = [
    "ItemNeighbours",
    "ItemScore",
    "Placement",
    "PlacementStrategy",
    "Recommendation",
    "Shortlist",
    "TrainedModel",
]
