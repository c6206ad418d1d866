"""What the catalogue announces after a commit; upper layers listen in their receivers."""

from django.dispatch import Signal

items_changed = Signal()
"""Items were written: ``catalog_id`` and ``count`` (rows created or updated). Sent once a batch."""
