"""The admin's first page: a few honest figures, each cheap on a table of any size."""

import json
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import ChannelError, OperationalError

from catalog.admin.paging import COUNT_LIMIT, estimate_rows
from catalog.models import Catalog, Embedding, EmbeddingSpace, Item
from catalog.selectors import space_coverage
from profiles.models import Interaction, Profile
from recommender.models import Placement, Recommendation, TrainedModel

QUEUES = ("default", "encode", "train")
PING_SECONDS = 0.6
SPACES = 5

Context = dict[str, Any]


def add_global_context(request: HttpRequest) -> Context:
    """Keep the theme from printing its colours as an inline style: they are in a file."""
    return {"colors": None}


def add_dashboard(request: HttpRequest, context: Context) -> Context:
    """Add the figures of the dashboard to the context of the admin's first page."""
    day = timezone.now() - timedelta(days=1)
    catalogs = list(Catalog.objects.values_list("pk", flat=True)[:100])
    figures = [
        _figure(_("Items"), "catalog.item", count_rows(Item.objects.all())),
        _figure(_("Profiles"), "profiles.profile", count_rows(Profile.objects.all())),
        _figure(
            _("Interactions in the last day"),
            "profiles.interaction",
            count_rows(Interaction.objects.filter(catalog__in=catalogs, occurred_at__gt=day)),
        ),
        _figure(
            _("Recommendations in the last day"),
            "recommender.recommendation",
            count_rows(Recommendation.objects.filter(catalog__in=catalogs, created_at__gt=day)),
        ),
    ]
    failed = Embedding.objects.exclude(failed_digest=None)
    return {
        **context,
        "figures": figures,
        "spaces": _read_spaces(),
        "failed": count_rows(failed),
        "failed_url": reverse("admin:catalog_embedding_changelist"),
        "placements": Placement.objects.select_related("catalog").order_by("catalog", "key")[:8],
        "models": TrainedModel.objects.filter(state="active").order_by("-promoted_at")[:8],
    }


def count_rows(rows: QuerySet[Any]) -> str:
    """Return how many rows there are: exactly up to a limit, the planner's estimate beyond it."""
    counted = rows.order_by().values("pk")[: COUNT_LIMIT + 1].count()
    if counted <= COUNT_LIMIT:
        return f"{counted:,}"
    estimate = estimate_matches(rows) if rows.query.where else estimate_rows(rows.model._meta.db_table)
    return f"≈ {max(estimate, COUNT_LIMIT):,}"


def estimate_matches(rows: QuerySet[Any]) -> int:
    """Return the planner's estimate of how many rows match; nothing is read."""
    sql, params = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (plan,) = cursor.fetchone()
    loaded = json.loads(plan) if isinstance(plan, str) else plan
    return int(loaded[0]["Plan"]["Plan Rows"])


def read_workers() -> Context:
    """Ask the broker and the workers; tell what answers, and what waits in the queues."""
    try:
        replies = current_app.control.ping(timeout=PING_SECONDS, limit=1)
        queues = []
        with current_app.connection_for_read() as link:
            channel: Any = link.channel()
            for queue in QUEUES:
                try:
                    queues.append((queue, channel.queue_declare(queue, passive=True).message_count))
                except ChannelError:  # an empty queue of Valkey is one that is not there
                    queues.append((queue, 0))
    except (OperationalError, OSError):
        return {"reachable": False}
    return {"reachable": True, "working": bool(replies), "queues": queues}


def _figure(title: str, model: str, value: str) -> Context:
    app, name = model.split(".")
    return {"title": title, "value": value, "url": reverse(f"admin:{app}_{name}_changelist")}


def _read_spaces() -> list[Context]:
    """Return the spaces in use, with the share of the catalog's items that is encoded in each."""
    small = Item.objects.values("pk")[: COUNT_LIMIT + 1].count() <= COUNT_LIMIT
    found = []
    for space in EmbeddingSpace.objects.in_use().encoded().select_related("catalog").order_by("state", "-pk")[:SPACES]:
        if small:
            coverage = space_coverage(space.pk)
            encoded, total = coverage.encoded, coverage.total
        else:
            encoded = estimate_matches(Embedding.objects.in_space(space.pk).exclude(content_digest=None))
            total = estimate_matches(Item.objects.in_catalog(space.catalog_id))
        share = 100.0 * encoded / total if total else 0.0
        found.append({"space": space, "share": min(share, 100.0), "total": total, "estimated": not small})
    return found
