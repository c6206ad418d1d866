"""The pages on recommendations for editors."""

from recommender.admin import evaluations, fitted_rankings, placements, recommendations, trained_models

__all__ = ["evaluations", "fitted_rankings", "placements", "recommendations", "trained_models"]
