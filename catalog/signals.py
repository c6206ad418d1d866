"""What the catalogue announces after a commit; upper layers listen in their receivers."""

from typing import Any

from django.db import transaction
from django.dispatch import Signal

items_changed = Signal()
"""Items were written: ``catalog_id`` and ``count`` (rows created or updated). Sent once a batch."""


def send_after_commit(signal: Signal, *, sender: type[Any], **named: Any) -> None:
    """Send ``signal`` once the transaction has been committed; a receiver that raises is logged, and stops nothing."""

    def send() -> None:
        signal.send_robust(sender, **named)

    transaction.on_commit(send)
