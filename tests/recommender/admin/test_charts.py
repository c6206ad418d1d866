"""Charts: numbers where they belong, round ticks, labels clear of each other, text escaped."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from recommender.admin.chart_scales import count_decimals, make_scale, measure_text, place_labels
from recommender.admin.charts import Bar, Point, Series, draw_bars, draw_key, draw_lines, draw_scatter


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (1.0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        (0.062, (0.0, 0.02, 0.04, 0.06, 0.08)),
        (77.0, (0.0, 20.0, 40.0, 60.0, 80.0)),
        (0.0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        (float("nan"), (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
    ],
)
def test_ticks_are_round_and_reach_the_highest(highest: float, ticks: tuple[float, ...]) -> None:
    assert make_scale(highest, start=0, stop=100).ticks == pytest.approx(ticks)


def test_numbers_are_placed_in_proportion() -> None:
    scale = make_scale(1.0, start=300, stop=100)
    assert [scale.place(number) for number in (0.0, 0.25, 1.0)] == [300.0, 250.0, 100.0]


@pytest.mark.parametrize(("ticks", "digits"), [((0.0, 1.0), 0), ((0.0, 0.5), 1), ((0.0, 0.25), 2), ((), 0)])
def test_ticks_have_the_decimals_that_they_need(ticks: tuple[float, ...], digits: int) -> None:
    assert count_decimals(ticks) == digits


def test_wide_letters_are_wider() -> None:
    assert measure_text("推荐", size=10) == 20
    assert measure_text("ab", size=10) == 12


def test_labels_keep_clear_of_each_other_and_inside() -> None:
    points = [(60.0, 300.0)] * 4 + [(690.0, 100.0)]
    texts = ["one", "two", "three", "a rather long name", "at the right end"]
    placed = place_labels(points, texts, size=13, left=58, right=716, bottom=310)
    boxes = [(x, y - 13, x + measure_text(text, size=13), y + 3) for (x, y), text in zip(placed, texts, strict=True)]
    assert all(one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
               for one, other in combinations(boxes, 2))  # fmt: skip
    assert all(box[0] >= 58 and box[2] <= 716 and box[3] <= 310 for box in boxes)


def test_a_label_without_any_room_is_placed_all_the_same() -> None:
    assert len(place_labels([(5.0, 5.0)] * 60, ["x" * 50] * 60, size=13, left=0, right=100, bottom=50)) == 60


def test_bars_are_as_long_as_their_numbers() -> None:
    svg = ET.fromstring(draw_bars([Bar("a", 1.0, 0.5, 1.0), Bar("b", 0.5, 0.0, 1.0)], title="t"))
    long, short = (float(bar.attrib["width"]) for bar in svg.iter("rect"))
    assert long == pytest.approx(2 * short, abs=0.2)
    assert (svg.attrib["role"], svg.attrib["aria-label"]) == ("img", "t")


def test_a_line_leaves_out_what_is_not_known() -> None:
    svg = draw_lines(
        [Series("a", (0.5, None, 1.0)), Series("none", (None, None, None))], ["x", "y", "z"], title="t", y_name="y"
    )
    assert len(re.findall("<circle", svg)) == 2
    ET.fromstring(svg)


def test_nothing_to_draw_is_drawn() -> None:
    for svg in (
        draw_bars([], title="t"),
        draw_scatter([], title="t", x_name="x", y_name="y"),
        draw_lines([], [], title="t", y_name="y"),
        draw_key([]),
    ):
        ET.fromstring(svg)


def test_text_is_escaped_everywhere() -> None:
    evil = "<script>\"&'"
    for svg in (
        draw_bars([Bar(evil, 0.5, 0.4, 0.6)], title=evil),
        draw_scatter([Point(evil, 0.5, 0.5)], title=evil, x_name=evil, y_name=evil),
        draw_lines([Series(evil, (0.5,))], [evil], title=evil, y_name=evil),
        draw_key([evil]),
    ):
        assert "<script" not in svg
        assert evil in "".join(ET.fromstring(svg).itertext())
