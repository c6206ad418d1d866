"""The pages on recommendations for editors."""

from recommender.admin import evaluations, placements, recommendations, trained_models

__all__ = ["evaluations", "placements", "recommendations", "trained_models"]
