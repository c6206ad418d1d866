"""The project as an app: commands, templates and translations."""

from django.apps import AppConfig


class RecsiteConfig(AppConfig):
    """Commands that run the whole platform."""

    name = "recsite"
    verbose_name = "recsite"
