"""The recommender app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecommenderConfig(AppConfig):
    """Learners, readers, ranking, placements, recommendations."""

    name = "recommender"
    verbose_name = _("Recommendations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the registries and connect what listens."""
        from catalog.extensions import discover
        from recommender import checks, receivers  # noqa: F401
        from recommender.learners import learners
        from recommender.ranking import rankers
        from recommender.reranking import rerankers
        from recommender.widgets import widgets

        for registry in (learners, rankers, rerankers, widgets):
            discover(registry)
