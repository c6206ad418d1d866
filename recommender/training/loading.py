"""Loads the interaction log of a catalog as arrays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray
from psycopg.sql import SQL, Literal

from catalog.halfvec import scale_rows, unpack_vectors
from catalog.selectors import active_space
from profiles.conf import get_conf
from profiles.kinds import DAY, half_lives, strengths
from recommender.training.binary_arrays import read_columns
from recommender.training.dataset import InteractionDataset

_CONTENT_ROWS = 10_000
_ROW_COLUMNS = (
    ("profile_id", "int8"),
    ("item_id", "int8"),
    ("id", "int8"),
    ("occurred_at", "timestamptz"),
    ("value", "float8"),
    ("code", "int2"),
)


def load_dataset(
    catalog_id: int,
    *,
    until: datetime | None = None,
    with_content: bool = False,
    only_profiles: Sequence[int] | None = None,
) -> InteractionDataset:
    """Return what happened in a catalog until ``until`` (now): nothing later is in it.

    ``with_content`` adds the items' vectors in the active text space; ``only_profiles`` limits to the histories of
    some profiles.

    Hidden, expired and unavailable items stay in: they were part of the histories, so what leads to and from
    them is evidence about the others, and an editor's decision is reversed without training. Readers
    filter by what is visible at the time of the request. Searches (no item) are left out.
    """
    until = timezone.now() if until is None else until
    item_ids, published = _load_items(catalog_id)
    kind_names = _load_kind_names(catalog_id)
    profile_keys, items, ids, times, values, kinds = _load_rows(
        catalog_id, until, item_ids, kind_names, only_profiles=only_profiles
    )
    order = np.lexsort((ids, times, profile_keys))
    del ids
    profile_ids, profiles = np.unique(profile_keys[order], return_inverse=True)
    rules = get_conf().kinds
    values, kinds = values[order], kinds[order]
    return InteractionDataset(
        catalog_id=catalog_id,
        until=until,
        profile_ids=profile_ids,
        item_ids=item_ids,
        published=published,
        profiles=profiles.astype(np.int32),
        items=items[order],
        times=times[order],
        strengths=strengths(rules, names=kind_names, codes=kinds, values=values),
        values=values,
        kinds=kinds,
        kind_names=kind_names,
        half_lives=dict(zip(kind_names, (half_lives(rules, names=kind_names) / DAY).tolist(), strict=True)),
        content=_load_content(catalog_id, item_ids) if with_content else None,
    )


def _load_content(catalog_id: int, item_ids: NDArray[np.int64]) -> NDArray[np.float32] | None:
    space = active_space(catalog_id)
    if space is None or not space.dimensions:
        return None
    content = np.zeros((len(item_ids), space.dimensions), dtype=np.float32)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item_id, halfvec_send(vector) FROM catalog_embedding WHERE space_id = %s AND vector IS NOT NULL",
            [space.pk],
        )
        while rows := cursor.fetchmany(_CONTENT_ROWS):
            found, sent = zip(*rows, strict=True)
            places = np.searchsorted(item_ids, found)
            known = item_ids[np.minimum(places, len(item_ids) - 1)] == found
            content[places[known]] = scale_rows(unpack_vectors(sent))[known]
    return content


def _load_items(catalog_id: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    source = SQL(
        "SELECT id, COALESCE(published_at, created_at) AS published FROM catalog_item WHERE catalog_id = {}"
    ).format(Literal(catalog_id))
    chunks = list(read_columns(source, columns=(("id", "int8"), ("published", "timestamptz"))))
    ids = _join([chunk[0] for chunk in chunks], np.int64)
    order = np.argsort(ids)
    return ids[order], _join([chunk[1] for chunk in chunks], np.float64)[order]


def _load_kind_names(catalog_id: int) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT kind FROM profiles_interaction WHERE catalog_id = %s", [catalog_id])
        return tuple(sorted(kind for (kind,) in cursor.fetchall()))


def _load_rows(
    catalog_id: int,
    until: datetime,
    item_ids: NDArray[np.int64],
    kind_names: tuple[str, ...],
    *,
    only_profiles: Sequence[int] | None,
) -> tuple[NDArray[Any], ...]:
    """Return profile ids, item indices, row ids, times, values and kind codes, in no order.

    A row whose item or kind was not there a moment ago (the statements are not one snapshot) is left out, as if it
    had come after.
    """
    source = SQL(
        "SELECT profile_id, item_id, id, occurred_at, COALESCE(value, 'NaN'::float8) AS value, "
        "COALESCE(array_position({}::text[], kind::text) - 1, -1) AS code FROM profiles_interaction "
        "WHERE catalog_id = {} AND item_id IS NOT NULL AND occurred_at <= {}"
    ).format(Literal(list(kind_names)), Literal(catalog_id), Literal(until))
    if only_profiles is not None:
        source += SQL(" AND profile_id = ANY({}::bigint[])").format(Literal(list(only_profiles)))
    types: tuple[type[np.generic], ...] = (np.int64, np.int32, np.int64, np.float64, np.float32, np.int16)
    columns: list[list[NDArray[Any]]] = [[] for _ in types]
    if len(item_ids) and kind_names:
        for chunk in read_columns(source, columns=_ROW_COLUMNS):
            items = np.searchsorted(item_ids, chunk[1])
            known = (item_ids[np.minimum(items, len(item_ids) - 1)] == chunk[1]) & (chunk[5] >= 0)
            for column, values, dtype in zip(columns, (chunk[0], items, *chunk[2:]), types, strict=True):
                column.append(values[known].astype(dtype))
    return tuple(_join(column, dtype) for column, dtype in zip(columns, types, strict=True))


def _join(chunks: Sequence[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    """Join the chunks of one column; an empty array where there is none."""
    return np.concatenate(chunks) if chunks else np.empty(0, dtype=dtype)
