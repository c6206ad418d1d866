"""What the recommender announces after a commit."""

from django.dispatch import Signal

model_promoted = Signal()
"""A trained model became active: ``catalog_id``, ``learner`` and ``model_id``."""
