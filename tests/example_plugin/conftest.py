"""The plug-in's own tests need the plug-in installed: without it there is nothing here to collect."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("recsite_shelf") else ["tests"]
