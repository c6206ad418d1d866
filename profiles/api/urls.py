"""URLs of profiles under ``/api/v1/``."""

from django.urls import path

from profiles.api.friendships import FriendshipsView
from profiles.api.groups import GroupView
from profiles.api.interactions import InteractionsView
from profiles.api.users import InterestsView, MergeView

urlpatterns = [
    path("interactions", InteractionsView.as_view(), name="api-interactions"),
    path("friendships", FriendshipsView.as_view(), name="api-friendships"),
    path("groups/<path:key>", GroupView.as_view(), name="api-group"),
    path("users/merge", MergeView.as_view(), name="api-merge"),
    path("users/<path:user_id>/interests", InterestsView.as_view(), name="api-interests"),
]
