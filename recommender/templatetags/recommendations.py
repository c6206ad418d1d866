"""Template tags of site owners: ``{% load recommendations %}``, then ``{% recommendations "home" %}``."""

import logging
from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.db import DatabaseError
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString

from catalog.models import Catalog
from recommender.click_links import sign_person
from recommender.selectors import QueryError
from recommender.services.recommendations import recommend
from recommender.widget_html import render_slate

register = template.Library()
_logger = logging.getLogger(__name__)


@register.simple_tag(takes_context=True)
def recommendations(
    context: Context,
    placement: str,
    *,
    user_id: str | None = None,
    item: str | None = None,
    n: int | None = None,
    catalog: str | None = None,
    heading: str = "",
) -> SafeString:
    """Show a placement's widget. Without ``user_id`` it is for the signed-in user, or for a person unknown.

    A page never breaks for its recommendations: where they cannot be had, nothing is shown and the log says why.
    """
    person = _find_person(context, user_id)
    try:
        tenant = Catalog.objects.get(key=catalog or settings.RECSITE_DEFAULT_CATALOG)
        slate = recommend(tenant.pk, placement=placement, user_id=person, item=item, n=n)
        return render_slate(slate, catalog_id=tenant.pk, user_id=person, heading=heading)
    except (QueryError, Catalog.DoesNotExist, DatabaseError):
        _logger.exception("recommendations %r could not be shown", placement)
        return SafeString("")


@register.simple_tag(takes_context=True)
def recommendations_url(
    context: Context,
    placement: str,
    *,
    user_id: str | None = None,
    item: str | None = None,
    catalog: str | None = None,
) -> str:
    """Return the path of the widget's HTML fragment, signed for the person, for an include that comes later."""
    key = catalog or settings.RECSITE_DEFAULT_CATALOG
    person = _find_person(context, user_id)
    query = {"item": item} if item is not None else {}
    if person is not None:
        query["person"] = sign_person(Catalog.objects.values_list("pk", flat=True).get(key=key), person)
    path = reverse("recommender:fragment", args=[key, placement])
    return f"{path}?{urlencode(query)}" if query else path


def _find_person(context: Context, user_id: Any) -> str | None:
    if user_id is not None:
        return str(user_id) or None
    user = getattr(context.get("request"), "user", None)
    return str(user.pk) if user is not None and user.is_authenticated else None
