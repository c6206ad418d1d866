"""Settings of the admin theme: names, look, navigation."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Entry = dict[str, Any]


def _link(title: str | Promise, icon: str, model: str) -> Entry:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


def _asset(path: str) -> Callable[[HttpRequest], str]:
    return lambda request: static(path)


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "recsite",
    "SITE_HEADER": "recsite",
    "SITE_SYMBOL": "assistant_navigation",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _asset("recsite/icon.svg")}],
    "SHOW_LANGUAGES": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "GLOBAL_CALLBACK": "recsite.dashboard.add_global_context",
    "DASHBOARD_CALLBACK": "recsite.dashboard.add_dashboard",
    "STYLES": [_asset("recsite/admin-colours.css"), _asset("recsite/admin.css")],
    "SCRIPTS": [_asset("recsite/admin-csp.js"), _asset("recsite/admin.js")],
    "SIDEBAR": {
        "show_search": False,
        "command_search": True,
        "navigation": [
            {
                "items": [
                    {"title": _("Dashboard"), "icon": "space_dashboard", "link": reverse_lazy("admin:index")},
                ],
            },
            {
                "title": _("Catalogue"),
                "separator": True,
                "items": [
                    _link(_("Catalogs"), "storefront", "catalog.catalog"),
                    _link(_("Items"), "inventory_2", "catalog.item"),
                    _link(_("Embedding spaces"), "scatter_plot", "catalog.embeddingspace"),
                    _link(_("Failed encodings"), "report", "catalog.embedding"),
                ],
            },
            {
                "title": _("People"),
                "separator": True,
                "items": [
                    _link(_("Profiles"), "person", "profiles.profile"),
                    _link(_("Interactions"), "touch_app", "profiles.interaction"),
                    _link(_("Friendships"), "handshake", "profiles.friendship"),
                    _link(_("Groups of people"), "diversity_3", "profiles.profilegroup"),
                ],
            },
            {
                "title": _("Recommendations"),
                "separator": True,
                "items": [
                    _link(_("Placements"), "dashboard_customize", "recommender.placement"),
                    _link(_("Trained models"), "model_training", "recommender.trainedmodel"),
                    _link(_("Fitted rankings"), "tune", "recommender.fittedranking"),
                    _link(_("Evaluations"), "query_stats", "recommender.evaluation"),
                    _link(_("Recommendation log"), "receipt_long", "recommender.recommendation"),
                ],
            },
            {
                "title": _("System"),
                "separator": True,
                "items": [
                    _link(_("API keys"), "key", "catalog.apikey"),
                    _link(_("Schedule"), "schedule", "django_celery_beat.periodictask"),
                    _link(_("Users"), "group", "auth.user"),
                    _link(_("Groups"), "groups", "auth.group"),
                ],
            },
        ],
    },
}
