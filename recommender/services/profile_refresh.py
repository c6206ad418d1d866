"""Keeps the query vectors that learners compute for people in step with what these do."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from numpy.typing import NDArray

from catalog.extensions import OptionError
from profiles.conf import get_conf
from recommender.learners import learners
from recommender.learners.fits import build_learner, wants_content
from recommender.models import ModelArrays, TrainedModel
from recommender.services.profile_vectors import write_profile_vectors
from recommender.training.array_bytes import unpack_arrays
from recommender.training.dataset import InteractionDataset
from recommender.training.loading import load_dataset

logger = logging.getLogger(__name__)

CHUNK = 1000
"""Profiles whose histories are read and encoded together."""
RECENT = timedelta(minutes=15)
"""A message of interactions makes a worker look at everybody who did something so recently."""
LONGEST_WAIT = 60
"""Seconds after which a message that never arrived no longer holds the next one back."""
KEPT_ARRAYS = 4
"""Models whose arrays a process keeps unpacked."""

# The same test as that of the reader: a vector is behind where it does not know of every row that is read.
_STALE = """
SELECT p.id FROM profiles_profile p
LEFT JOIN recommender_profilevector v ON v.space_id = %(space)s AND v.profile_id = p.id
CROSS JOIN LATERAL (
    SELECT max(id) FILTER (WHERE item_id IS NOT NULL) AS newest FROM (
        SELECT id, item_id FROM profiles_interaction WHERE profile_id = p.id AND occurred_at <= %(now)s
        ORDER BY occurred_at DESC, id DESC LIMIT %(length)s
    ) latest
) history
WHERE p.catalog_id = %(catalog)s AND p.merged_into_id IS NULL AND p.id > %(after)s
    AND (%(ids)s::bigint[] IS NULL OR p.id = ANY(%(ids)s::bigint[]))
    AND history.newest > COALESCE(v.interaction_id, 0)
ORDER BY p.id LIMIT %(limit)s
"""

_RECENT = """
SELECT DISTINCT profile_id FROM profiles_interaction
WHERE catalog_id = %s AND occurred_at > %s AND occurred_at <= %s ORDER BY profile_id
"""


@dataclass(frozen=True, slots=True)
class _Encoder:
    """An active model whose learner computes query vectors, with that learner."""

    model: TrainedModel
    learner: Any


def refresh_profile_vectors(catalog_id: int, profile_ids: Sequence[int]) -> int:
    """Compute the vectors of those of the given profiles that are behind, for every active model; return how many.

    Any number may be given; what is up to date, merged away or without a history is passed over, so doing it again does
    nothing.
    """
    ids = sorted(set(profile_ids))
    return sum(
        _refresh_chunk(encoder, ids[start : start + CHUNK])
        for encoder in _find_encoders(catalog_id)
        for start in range(0, len(ids), CHUNK)
    )


def refresh_recent_profile_vectors(catalog_id: int) -> int:
    """Refresh the vectors of everybody in a catalog who did something in the last minutes; return how many."""
    clear_pending(catalog_id)
    encoders = list(_find_encoders(catalog_id))
    if not encoders:
        return 0
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_RECENT, [catalog_id, now - RECENT, now])
        ids = [profile_id for (profile_id,) in cursor.fetchall()]
    return refresh_profile_vectors(catalog_id, ids)


def refresh_stale_profile_vectors(catalog_id: int | None = None) -> int:
    """Refresh every vector that is behind or missing, in one catalog or in all; return how many."""
    return sum(_refresh_all(encoder) for encoder in _find_encoders(catalog_id))


def mark_pending(catalog_id: int) -> bool:
    """Note that a message is under way for a catalog; return False where one was already."""
    return bool(cache.add(_name_mark(catalog_id), 1, timeout=LONGEST_WAIT))


def clear_pending(catalog_id: int) -> None:
    """Note that the message has arrived (or could not be sent): what is done from now on needs another one."""
    try:
        cache.delete(_name_mark(catalog_id))
    except Exception as error:  # each cache backend has exceptions of its own; the mark runs out by itself
        logger.warning("No cache (%s): vectors of catalog %s may be refreshed later", error, catalog_id)


def _name_mark(catalog_id: int) -> str:
    return f"recommender:{catalog_id}:vectors-asked"


def _find_encoders(catalog_id: int | None) -> Iterator[_Encoder]:
    models = TrainedModel.objects.filter(
        shape=TrainedModel.Shape.VECTORS, state=TrainedModel.State.ACTIVE, space__isnull=False
    ).select_related("space")
    if catalog_id is not None:
        models = models.filter(catalog_id=catalog_id)
    for model in models.order_by("pk"):
        if model.learner not in learners or not hasattr(learners.get(model.learner), "encode_profiles"):
            continue
        try:
            yield _Encoder(model, build_learner(model.learner, model.options))
        except OptionError as error:
            logger.warning("%s: its options no longer fit, so no vectors of people are refreshed: %s", model, error)


def _refresh_all(encoder: _Encoder) -> int:
    after = refreshed = 0
    while ids := _list_stale(encoder, after=after, limit=CHUNK):
        refreshed += _encode(encoder, ids)
        after = ids[-1]
    return refreshed


def _refresh_chunk(encoder: _Encoder, profile_ids: Sequence[int]) -> int:
    stale = _list_stale(encoder, ids=list(profile_ids), limit=len(profile_ids))
    return _encode(encoder, stale) if stale else 0


def _list_stale(encoder: _Encoder, *, limit: int, after: int = 0, ids: list[int] | None = None) -> list[int]:
    model = encoder.model
    params = {
        "space": model.space_id,
        "catalog": model.catalog_id,
        "now": timezone.now(),
        "length": get_conf().history_length,
        "after": after,
        "ids": ids,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STALE, params)
        return [profile_id for (profile_id,) in cursor.fetchall()]


def _encode(encoder: _Encoder, profile_ids: Sequence[int]) -> int:
    """Compute and write the vectors of profiles; a learner at fault is logged, and the others are gone on with."""
    model = encoder.model
    assert model.space is not None
    assert model.space.dimensions is not None
    try:
        arrays = _load_arrays(model.pk)
        dataset = load_dataset(model.catalog_id, only_profiles=profile_ids, with_content=wants_content(encoder.learner))
        matrix = np.asarray(encoder.learner.encode_profiles(arrays, dataset), dtype=np.float32)
        _check_matrix(matrix, dataset, dimensions=model.space.dimensions)
    except Exception as error:  # a plug-in's learner: whatever it does, readers have the history to go by
        logger.error("%s: vectors of people cannot be computed", model, exc_info=error)
        return 0
    with transaction.atomic():
        return write_profile_vectors(
            model.space,
            dataset.profile_ids,
            matrix,
            until=dataset.until,
            row_counts=np.diff(dataset.profile_offsets),
        )


def _check_matrix(matrix: NDArray[np.float32], dataset: InteractionDataset, *, dimensions: int) -> None:
    expected = (len(dataset.profile_ids), dimensions)
    if matrix.shape != expected:
        raise ValueError(f"vectors of shape {matrix.shape}, not {expected}")
    with np.errstate(over="ignore"):
        if not np.isfinite(matrix.astype(np.float16)).all():
            raise ValueError("vectors that are not finite in half precision")


@lru_cache(maxsize=KEPT_ARRAYS)
def _load_arrays(model_id: int) -> Mapping[str, NDArray[Any]]:
    """Return the arrays of a model's publication, unpacked once a process; a model's never change."""
    stored = ModelArrays.objects.filter(model=model_id, name=ModelArrays.Name.PUBLICATION).first()
    return unpack_arrays(stored.data) if stored is not None else {}
