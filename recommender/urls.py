"""URLs of widgets, under ``/w/``."""

from django.urls import path

from recommender import views

app_name = "recommender"

urlpatterns = [
    path("c/<str:token>", views.follow_click, name="click"),
    path("<slug:catalog_key>/<slug:placement_key>", views.show_fragment, name="fragment"),
]
