"""URLs of the demo site, under ``/demo/``."""

from django.urls import path

from recsite.demo import views

app_name = "demo"

urlpatterns = [
    path("", views.show_home, name="home"),
    path("as", views.choose_reader, name="choose-reader"),
    path("items/<path:key>", views.show_item, name="item"),
]
