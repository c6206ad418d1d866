"""A fingerprint of what a learner was given, to tell whether two runs have seen the same."""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np

from recommender.training.dataset import InteractionDataset

DIGEST_BYTES = 16


def identify_fit(learner: str, options: Mapping[str, Any], dataset: InteractionDataset) -> bytes:
    """Return 16 bytes that are the same where learner, options and data are."""
    digest = blake2b(digest_size=DIGEST_BYTES)
    digest.update(json.dumps([learner, options], sort_keys=True).encode())
    digest.update(digest_dataset(dataset))
    return digest.digest()


def digest_dataset(dataset: InteractionDataset) -> bytes:
    """Return 16 bytes that differ where items, interactions or content do; ``until`` plays no part."""
    digest = blake2b(digest_size=DIGEST_BYTES)
    digest.update(repr((dataset.kind_names, sorted(dataset.half_lives.items()))).encode())
    for array in (
        dataset.profile_ids,
        dataset.item_ids,
        dataset.published,
        dataset.profiles,
        dataset.items,
        dataset.times,
        dataset.strengths,
        dataset.values,
        dataset.kinds,
        dataset.content,
    ):
        if array is None:
            digest.update(b"none")
            continue
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()
