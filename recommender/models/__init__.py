"""The recommender's tables."""

from recommender.models.evaluation import Evaluation
from recommender.models.fitted_ranking import FittedRanking
from recommender.models.placement import Placement, PlacementStrategy
from recommender.models.published import ItemNeighbours, ItemScore, ModelArrays, ProfileVector, Shortlist
from recommender.models.recommendation import Recommendation
from recommender.models.trained_model import TrainedModel

__all__ = [
    "Evaluation",
    "FittedRanking",
    "ItemNeighbours",
    "ItemScore",
    "ModelArrays",
    "Placement",
    "PlacementStrategy",
    "ProfileVector",
    "Recommendation",
    "Shortlist",
    "TrainedModel",
]
