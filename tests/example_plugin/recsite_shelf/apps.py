"""The plug-in's app."""

from recsite.plugins import PluginConfig


class ShelfConfig(PluginConfig):
    """Found by its entry point; its modules are found by their names."""

    name = "recsite_shelf"
    minimum_version = "0.1"
    below_version = "2"
