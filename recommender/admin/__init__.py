"""The pages on recommendations for editors."""

from recommender.admin import placements, recommendations, trained_models

__all__ = ["placements", "recommendations", "trained_models"]
