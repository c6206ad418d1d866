"""Renders a slate as a widget's HTML."""

import zlib
from dataclasses import fields
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from catalog.extensions import build_or_default
from recommender.click_links import Click, make_click_url
from recommender.records import Slate, SlateEntry
from recommender.widgets import widgets

_TINTS = 6


def render_slate(slate: Slate, *, catalog_id: int, user_id: str | None, heading: str = "") -> SafeString:
    """Return the slate as HTML; an empty slate gives an empty text, so that a page shows no empty box."""
    if not slate.entries:
        return SafeString("")
    widget = build_or_default(widgets, slate.widget, slate.widget_options, default="grid")
    context = {
        "slate": slate,
        "entries": [
            _present_entry(entry, slate, position, catalog_id=catalog_id, user_id=user_id)
            for position, entry in enumerate(slate.entries)
        ],
        "options": widget.options,  # type: ignore[attr-defined]
        "heading": heading or (_(slate.heading) if slate.heading else _("Recommended for you")),
        "placement_key": slate.placement_key,
    }
    return render_to_string(widget.template_name, context)


def _present_entry(
    entry: SlateEntry, slate: Slate, position: int, *, catalog_id: int, user_id: str | None
) -> dict[str, Any]:
    click_url = ""
    if entry.url and slate.recommendation_id is not None:
        click_url = make_click_url(Click(catalog_id, entry.item_id, slate.recommendation_id, position, user_id))
    shown = {field.name: getattr(entry, field.name) for field in fields(entry)}
    title = entry.title or entry.key
    return {
        **shown,
        "title": title,
        "click_url": click_url or entry.url,
        "initial": title.lstrip("“\"'([").strip()[:1].upper(),
        "tint": zlib.crc32(entry.key.encode()) % _TINTS,
    }
