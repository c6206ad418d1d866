"""URLs of the project."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from catalog.api.views import NothingHereView
from recsite.api_docs import RedocView, SchemaView, SwaggerView
from recsite.health import show_liveness, show_readiness

_api: list[URLPattern | URLResolver] = [
    path("schema", SchemaView.as_view(), name="api-schema"),
    path("docs", SwaggerView.as_view(), name="api-docs"),
    path("redoc", RedocView.as_view(), name="api-redoc"),
    path("", include("recommender.api.urls")),
    path("", include("profiles.api.urls")),
    path("", include("catalog.api.urls")),
    re_path(r"", NothingHereView.as_view()),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("w/", include("recommender.urls")),
    path("api/v1/", include(_api)),
    path("livez", show_liveness, name="livez"),
    path("readyz", show_readiness, name="readyz"),
]
if settings.RECSITE_DEMO_SITE:
    urlpatterns.append(path("demo/", include("recsite.demo.urls")))
    urlpatterns.append(path("", RedirectView.as_view(pattern_name="demo:home")))
