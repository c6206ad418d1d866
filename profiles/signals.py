"""What the profiles app announces after a commit."""

from django.dispatch import Signal

interactions_recorded = Signal()
"""Interactions were written: ``catalog_id`` and ``profile_ids`` (a tuple). Sent once a batch."""
