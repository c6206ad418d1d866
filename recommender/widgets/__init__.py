"""Widgets: components that say how a slate looks."""

from recommender.widgets.base import Widget, widgets

__all__ = ["Widget", "widgets"]
