"""URLs of recommendations under ``/api/v1/``; they come before the catalogue's, whose item keys take any path."""

from django.urls import path

from recommender.api.people import PeopleView
from recommender.api.predicted_ratings import PredictedRatingsView
from recommender.api.recommendations import RecommendationsView, SimilarItemsView

urlpatterns = [
    path("recommendations", RecommendationsView.as_view(), name="api-recommendations"),
    path("people", PeopleView.as_view(), name="api-people"),
    path("predicted-ratings", PredictedRatingsView.as_view(), name="api-predicted-ratings"),
    path("items/<path:key>/similar", SimilarItemsView.as_view(), name="api-similar-items"),
]
