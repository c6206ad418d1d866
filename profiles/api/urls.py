"""URLs of profiles under ``/api/v1/``."""

from django.urls import path

from profiles.api.interactions import InteractionsView
from profiles.api.users import InterestsView, MergeView

urlpatterns = [
    path("interactions", InteractionsView.as_view(), name="api-interactions"),
    path("users/merge", MergeView.as_view(), name="api-merge"),
    path("users/<path:user_id>/interests", InterestsView.as_view(), name="api-interests"),
]
