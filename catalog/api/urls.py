"""URLs of the catalogue under ``/api/v1/``."""

from django.urls import path

from catalog.api.items import ItemsView, ItemView

urlpatterns = [
    path("items", ItemsView.as_view(), name="api-items"),
    path("items/<path:key>", ItemView.as_view(), name="api-item"),
]
