"""Small pieces of markup that admin pages show: labels, bars, lists, JSON, links."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

NOTHING = "–"


def show_label(text: object, tone: str = "plain") -> SafeString:
    """Return a label; ``tone`` is plain, good, busy or bad."""
    return format_html('<span class="rs-label rs-label-{}">{}</span>', tone, text)


def show_bar(share: float, text: object = "") -> SafeString:
    """Return a progress bar of ``share`` from 0 to 1, with its percentage or ``text`` beside it."""
    share = min(max(share, 0.0), 1.0)
    return format_html(
        '<span class="rs-bar"><progress max="100" value="{}"></progress><span>{}</span></span>',
        f"{share * 100:.1f}",
        text or f"{share * 100:.0f} %",
    )


def show_json(value: Any) -> SafeString | str:
    """Return JSON laid out to be read."""
    if not value:
        return NOTHING
    return format_html('<pre class="rs-code">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False, default=str))


def show_facts(mapping: dict[str, Any]) -> SafeString | str:
    """Return an object's members as a table of two columns."""
    if not mapping:
        return NOTHING
    rows = ((name, _flatten(value)) for name, value in mapping.items())
    return format_html(
        '<table class="rs-facts">{}</table>', format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", rows)
    )


def show_table(rows: Iterable[Sequence[Any]], *, head: Sequence[Any] = ()) -> SafeString:
    """Return rows of cells as a table, with a line of headings where there are any."""
    lines = format_html_join(
        "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows)
    )
    names = format_html_join("", "<th>{}</th>", ((name,) for name in head))
    top = format_html("<thead><tr>{}</tr></thead>", names) if head else ""
    return format_html('<table class="rs-facts rs-rows">{}{}</table>', top, lines)


def show_error(text: str) -> SafeString | str:
    """Return an error's text, lines kept."""
    return format_html('<pre class="rs-code rs-code-bad">{}</pre>', text) if text else NOTHING


def show_time(moment: datetime | None) -> SafeString | str:
    """Return how long ago (or until when), with the exact time on hover."""
    if moment is None:
        return NOTHING
    exact = date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    if moment > timezone.now():
        return format_html('<span class="rs-time" title="{}">{}</span>', exact, exact)
    past = _("%(time)s ago") % {"time": timesince(moment, depth=1)}
    return format_html('<span class="rs-time" title="{}">{}</span>', exact, past)


def show_words(words: Iterable[str], *, limit: int = 6) -> SafeString | str:
    """Return words as small labels, the rest counted."""
    words = list(words)
    if not words:
        return NOTHING
    shown = format_html_join(" ", '<span class="rs-word">{}</span>', ((word,) for word in words[:limit]))
    return shown if len(words) <= limit else format_html("{} +{}", shown, len(words) - limit)


def show_link(url: str, text: object) -> SafeString:
    """Return a link inside the admin."""
    return format_html('<a class="rs-link" href="{}">{}</a>', url, text)


def page_of(row: Model) -> str:
    """Return the address of a row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def show_image(url: str, *, large: bool = False) -> SafeString | str:
    """Return a picture from an http address, nothing for any other."""
    if not url.startswith(("https://", "http://")):
        return NOTHING if large else ""
    size = "rs-cover rs-cover-large" if large else "rs-cover"
    return format_html('<img class="{}" src="{}" alt="" loading="lazy" referrerpolicy="no-referrer">', size, url)


def _flatten(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(entry, str | int | float) for entry in value):
        return ", ".join(map(str, value))
    if isinstance(value, str | int | float):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
