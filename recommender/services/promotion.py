"""Promotes trained models, rolls them back, and deletes what is no longer needed."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from catalog.services.spaces import SpaceError, activate_space, delete_space
from catalog.signals import send_after_commit
from catalog.vector_index import build_index
from recommender.models import TrainedModel
from recommender.signals import model_promoted

State = TrainedModel.State

KEPT_RETIRED = 3
"""Retired versions kept of each learner: how far one can roll back."""

KEPT_CANDIDATES = 3
"""Candidates kept of each learner that nobody has promoted."""

KEPT_FAILED = 5
"""Failed and cancelled runs kept of each learner, for their errors."""


class PromotionError(Exception):
    """A model cannot be promoted, or there is none to roll back to; the message says why."""


def promote_model(model_id: int) -> TrainedModel:
    """Make a candidate (or a retired version) the active model of its learner; the active one retires.

    Both in one transaction, so that a reader finds one active model at any moment; announces ``model_promoted``.
    A model that is active already stays so. Raises PromotionError for a run that has not succeeded.
    """
    model = TrainedModel.objects.get(pk=model_id)
    if model.space is not None:
        build_index(model.space)  # where the worker ended before it had; never in the transaction
    with transaction.atomic():
        versions = _lock_versions(model.catalog_id, model.learner)
        if model_id not in versions:
            raise PromotionError(f"{model} is {model.state}; only what has been trained can be promoted")
        model = versions[model_id]
        if model.state != State.ACTIVE:
            _activate(model, versions, promoted_at=timezone.now())
    return model


def roll_back_model(catalog_id: int, *, learner: str) -> TrainedModel:
    """Make the version that was active before the present one active again; announces ``model_promoted``.

    Doing so again goes back further. Raises PromotionError where there is nothing to go back to.
    """
    with transaction.atomic():
        versions = _lock_versions(catalog_id, learner)
        active = next((version for version in versions.values() if version.state == State.ACTIVE), None)
        if active is None or active.promoted_at is None:
            raise PromotionError(f"no version of {learner} is active")
        # A version keeps the time of its promotion when it is rolled back to: "earlier" means further back.
        earlier = [
            (version.promoted_at, version.pk)
            for version in versions.values()
            if version.promoted_at and version.state == State.RETIRED and version.promoted_at < active.promoted_at
        ]
        if not earlier:
            raise PromotionError(f"no earlier version of {learner} is kept")
        promoted_at, previous_id = max(earlier)
        _activate(versions[previous_id], versions, promoted_at=promoted_at)
    return versions[previous_id]


def prune_models(catalog_id: int, *, learner: str) -> int:
    """Delete retired versions, candidates and failed runs beyond the last few; return how many models went."""
    with transaction.atomic():
        _lock_versions(catalog_id, learner)  # so that none of them is rolled back to meanwhile
        models = TrainedModel.objects.filter(catalog_id=catalog_id, learner=learner)
        retired = models.filter(state=State.RETIRED).order_by("-promoted_at", "-id")
        candidates = models.filter(state=State.CANDIDATE).order_by("-id")
        failed = models.filter(state__in=[State.FAILED, State.CANCELLED]).order_by("-id")
        doomed = [*retired[KEPT_RETIRED:], *candidates[KEPT_CANDIDATES:], *failed[KEPT_FAILED:]]
        models.filter(pk__in=[model.pk for model in doomed]).delete()
    for space_id in [model.space_id for model in doomed if model.space_id is not None]:
        with suppress(SpaceError):  # somebody has made it active by itself
            delete_space(space_id)
    return len(doomed)


def _lock_versions(catalog_id: int, learner: str) -> dict[int, TrainedModel]:
    """Lock all versions of a learner that have been trained, in the order of their ids: two promotions take turns."""
    trained = TrainedModel.objects.filter(
        catalog_id=catalog_id, learner=learner, state__in=[State.CANDIDATE, State.ACTIVE, State.RETIRED]
    )
    return {model.pk: model for model in trained.select_for_update().order_by("pk")}


def _activate(model: TrainedModel, versions: dict[int, TrainedModel], *, promoted_at: datetime) -> None:
    if model.shape == TrainedModel.Shape.VECTORS and model.space_id is None:
        raise PromotionError(f"{model}: its embedding space has been deleted")
    for version in versions.values():
        if version.state == State.ACTIVE:
            version.state = State.RETIRED
            version.save(update_fields=["state"])
    model.state = State.ACTIVE
    model.promoted_at = promoted_at
    model.save(update_fields=["state", "promoted_at"])
    if model.space_id is not None:
        activate_space(model.space_id)
    send_after_commit(
        model_promoted, sender=TrainedModel, catalog_id=model.catalog_id, learner=model.learner, model_id=model.pk
    )
