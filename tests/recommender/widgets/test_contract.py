"""The built-in widgets keep the contract that plug-in authors inherit."""

from __future__ import annotations

from recommender.testing.widgets import WidgetContract


class TestGrid(WidgetContract):
    key = "grid"
    options = {"columns": 3, "heading_level": 4}


class TestGridWithoutExtras(WidgetContract):
    key = "grid"
    options = {"show_image": False, "show_reason": False, "show_categories": False}


class TestList(WidgetContract):
    key = "list"
    options = {"heading_level": 1}
