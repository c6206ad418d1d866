"""Charts as SVG, drawn on the server: no script, no style but classes, all text escaped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from recommender.admin.chart_scales import Scale, count_decimals, make_scale, measure_text, place_labels

WIDTH = 720.0
TEXT = 13.0
COLOURS = 8
"""Series told apart by colour and dashes; further ones begin again."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A number with the interval that it lies in."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """A named point."""

    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Series:
    """A line through one value a group; None where a group has none."""

    name: str
    values: tuple[float | None, ...]


def draw_bars(bars: Sequence[Bar], *, title: object) -> SafeString:
    """Return horizontal bars from 0 with whiskers for the intervals, the first one set off."""
    left = min(260.0, 16 + max((measure_text(bar.name, size=TEXT) for bar in bars), default=0.0))
    row, foot = 32.0, 30.0
    height = row * len(bars) + foot
    scale = make_scale(max((bar.high for bar in bars), default=0.0), start=left, stop=WIDTH - 74)
    parts = [_draw_columns(scale, top=0.0, bottom=height - foot)]
    for number, bar in enumerate(bars):
        middle = row * number + row / 2
        low, high, end = scale.place(bar.low), scale.place(bar.high), scale.place(bar.value)
        parts.append(
            format_html(
                '<g class="rs-series-{}"><title>{}</title>'
                '<rect class="rs-chart-bar" x="{}" y="{}" width="{}" height="16" rx="2"/></g>'
                '<path class="rs-chart-whisker" d="M{} {}H{}M{} {}v10M{} {}v10"/>',
                0 if number == 0 else 1,
                f"{bar.name}: {bar.value:.4f} ({bar.low:.4f} – {bar.high:.4f})",
                left,
                middle - 8,
                max(0.0, round(end - left, 1)),
                low,
                middle,
                high,
                low,
                middle - 5,
                high,
                middle - 5,
            )
        )
        parts.append(_write(left - 10, middle + 4.5, bar.name, anchor="end"))
        parts.append(_write(WIDTH - 4, middle + 4.5, f"{bar.value:.4f}", anchor="end", name="rs-chart-value"))
    return _frame(parts, height=height, title=title)


def draw_scatter(points: Sequence[Point], *, title: object, x_name: object, y_name: object) -> SafeString:
    """Return points with their names beside them; x from 0 to 1 as a percentage."""
    top, bottom, left, right = 28.0, 330.0, 58.0, WIDTH - 24
    across = make_scale(max((point.x for point in points), default=0.0) * 100, start=left, stop=right)
    up = make_scale(max((point.y for point in points), default=0.0) * 1.05, start=bottom, stop=top)
    parts = [_draw_columns(across, top=top, bottom=bottom, unit=" %"), _draw_rows(up, left=left, right=right)]
    places = [(across.place(point.x * 100), up.place(point.y)) for point in points]
    labels = place_labels(
        places, [point.name for point in points], size=TEXT, left=left + 4, right=WIDTH - 4, bottom=bottom
    )
    for number, (point, (x, y), (text_x, text_y)) in enumerate(zip(points, places, labels, strict=True)):
        parts.append(
            format_html(
                '<g class="rs-series-{}"><title>{}</title><circle class="rs-chart-point" cx="{}" cy="{}" r="{}"/></g>',
                0 if number == 0 else 1,
                f"{point.name}: {point.x:.1%}, {point.y:.4f}",
                x,
                y,
                6.5 if number == 0 else 5,
            )
        )
        parts.append(_write(text_x, text_y, point.name, name="rs-chart-name"))
    parts.append(_write(left, 14, y_name, name="rs-chart-axis"))
    parts.append(_write(right, bottom + 38, x_name, anchor="end", name="rs-chart-axis"))
    return _frame(parts, height=bottom + 46, title=title)


def draw_lines(series: Sequence[Series], groups: Sequence[str], *, title: object, y_name: object) -> SafeString:
    """Return a line a series over the groups, evenly spaced, from 0 up."""
    top, bottom, left, right = 28.0, 270.0, 58.0, WIDTH - 24
    known = [value for line in series for value in line.values if value is not None]
    up = make_scale(max(known, default=0.0), start=bottom, stop=top)
    places = [left + (right - left) * (number + 0.5) / max(1, len(groups)) for number in range(len(groups))]
    parts = [_draw_rows(up, left=left, right=right)]
    for number, line in enumerate(series):
        spots = [(round(x, 1), up.place(y)) for x, y in zip(places, line.values, strict=True) if y is not None]
        path = "L".join(f"{x} {y}" for x, y in spots)
        dots = format_html_join("", '<circle cx="{}" cy="{}" r="3.5"/>', spots)
        parts.append(
            format_html(
                '<g class="rs-series-{} rs-chart-series"><title>{}</title><path d="M{}"/>{}</g>',
                number % COLOURS,
                line.name,
                path,
                dots,
            )
            if spots
            else SafeString("")
        )
    parts += [_write(x, bottom + 20, name, anchor="middle") for x, name in zip(places, groups, strict=True)]
    parts.append(_write(left, 14, y_name, name="rs-chart-axis"))
    return _frame(parts, height=bottom + 30, title=title)


def draw_key(names: Iterable[str]) -> SafeString:
    """Return the key to the lines of ``draw_lines``."""
    entries = ((number % COLOURS, name) for number, name in enumerate(names))
    swatch = '<svg viewBox="0 0 30 10" aria-hidden="true"><path d="M1 5H29"/><circle cx="15" cy="5" r="3.5"/></svg>'
    return format_html(
        '<ul class="rs-chart-key">{}</ul>',
        format_html_join("", '<li><span class="rs-series-{} rs-chart-series">' + swatch + "</span>{}</li>", entries),
    )


def _draw_columns(scale: Scale, *, top: float, bottom: float, unit: str = "") -> SafeString:
    digits = count_decimals(scale.ticks)
    lines = format_html_join(
        "", '<path class="rs-chart-grid" d="M{} {}V{}"/>', ((scale.place(tick), top, bottom) for tick in scale.ticks)
    )
    texts = [
        _write(scale.place(tick), bottom + 22, f"{tick:.{digits}f}{unit}", anchor="middle") for tick in scale.ticks
    ]
    return format_html("{}{}", lines, _join(texts))


def _draw_rows(scale: Scale, *, left: float, right: float) -> SafeString:
    digits = count_decimals(scale.ticks)
    lines = format_html_join(
        "", '<path class="rs-chart-grid" d="M{} {}H{}"/>', ((left, scale.place(tick), right) for tick in scale.ticks)
    )
    texts = [_write(left - 8, scale.place(tick) + 4.5, f"{tick:.{digits}f}", anchor="end") for tick in scale.ticks]
    return format_html("{}{}", lines, _join(texts))


def _write(x: float, y: float, text: object, *, anchor: str = "start", name: str = "rs-chart-text") -> SafeString:
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>', name, round(x, 1), round(y, 1), anchor, text
    )


def _frame(parts: Sequence[Any], *, height: float, title: object) -> SafeString:
    return format_html(
        '<svg class="rs-chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        int(WIDTH),
        int(height),
        title,
        _join(parts),
    )


def _join(parts: Sequence[Any]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))
