"""What the profiles app announces after a commit."""

from django.dispatch import Signal

interactions_recorded = Signal()
"""Interactions were written: ``catalog_id`` and ``profile_ids`` (a tuple). Sent once a batch."""

profiles_merged = Signal()
"""A profile was merged into another: ``catalog_id``, ``source_id`` and ``into_id``; what upper layers keep moves on."""
