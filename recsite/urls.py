"""URLs of the project."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("w/", include("recommender.urls")),
]
if settings.RECSITE_DEMO_SITE:
    urlpatterns.append(path("demo/", include("recsite.demo.urls")))
