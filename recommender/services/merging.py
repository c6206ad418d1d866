"""What the recommender keeps of a profile moves with it when it is merged into another."""

from django.db import transaction

from recommender.models import Recommendation, Shortlist
from recommender.services.profile_vectors import drop_profile_vectors


def move_recommendations(source_id: int, *, into_id: int) -> int:
    """Give the slates that ``source_id`` was shown to ``into_id``; return how many there were.

    Ready lists of the source are dropped: they were made for a person of whom less was known. So are the query vectors
    of both, which know of one history each; a worker makes that of the whole.
    """
    with transaction.atomic():
        Shortlist.objects.filter(profile_id=source_id).delete()
        drop_profile_vectors(source_id, into_id)
        return Recommendation.objects.filter(profile_id=source_id).update(profile_id=into_id)
