"""Puts set-aside items back into the queue."""

from collections.abc import Collection

from django.utils import timezone

from catalog.models import Embedding


def retry_failed(embedding_ids: Collection[int]) -> int:
    """Make failed rows due now, with their attempts counted anew; return how many there were.

    The next encode run of their space takes them up. The error stays to be seen until one succeeds.
    """
    failed = Embedding.objects.filter(pk__in=list(embedding_ids)).exclude(failed_digest=None)
    return failed.update(retry_at=timezone.now(), attempts=0)
