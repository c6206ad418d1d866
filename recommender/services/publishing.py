"""Publishes what a learner returned as rows of its shape, all of them or none."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from catalog.bulk import StagingTable, stage_blocks
from catalog.models import Embedding, EmbeddingSpace, Item
from profiles.models import Profile
from recommender.learners import Neighbours, Publication, Scores, Shortlists, Vectors
from recommender.models import ItemNeighbours, ItemScore, ModelArrays, Shortlist, TrainedModel
from recommender.services.profile_vectors import write_profile_vectors
from recommender.services.publication_rows import pack_lists, pack_scores, pack_vectors
from recommender.training.array_bytes import pack_arrays

_TABLES: Mapping[type[Publication], tuple[type[Model], type[Model]]] = {
    Scores: (ItemScore, Item),
    Neighbours: (ItemNeighbours, Item),
    Shortlists: (Shortlist, Profile),
    Vectors: (Embedding, Item),
}
"""The table that a shape's rows go to, and that of whom they belong to."""


def publish_model(model: TrainedModel, publication: Publication, *, metrics: Mapping[str, float]) -> int:
    """Write the rows of a verified publication and make the model a candidate, in one transaction.

    Rows of items (or profiles) that have been deleted since the data was loaded are left out. Returns the number of
    rows written, which is added to ``metrics`` as ``rows``.
    """
    with transaction.atomic():
        locked = TrainedModel.objects.select_for_update().get(pk=model.pk, state=TrainedModel.State.TRAINING)
        belongs_to = {"model_id": locked.pk}
        if isinstance(publication, Vectors):
            locked.space = _create_space(locked, publication)
            belongs_to = {"space_id": locked.space.pk}
        table, owner = _TABLES[type(publication)]
        rows = 0
        for part, constants in _split_banks(publication):
            columns, blocks = _pack(part)
            rows += _write(table, owner, locked.catalog_id, {**belongs_to, **constants}, columns, blocks)
        if isinstance(publication, Vectors) and publication.profile_ids is not None and locked.space is not None:
            write_profile_vectors(
                locked.space, publication.profile_ids, publication.profile_matrix, until=locked.trained_until
            )
        if isinstance(publication, Neighbours):
            locked.readings = [asdict(reading) for reading in publication.readings]
        checkpoint = ModelArrays.objects.filter(model=locked, name=ModelArrays.Name.CHECKPOINT)
        checkpoint.delete()  # it has done its duty
        if publication.arrays:
            ModelArrays.objects.create(
                model=locked, name=ModelArrays.Name.PUBLICATION, data=pack_arrays(publication.arrays)
            )
        locked.state = TrainedModel.State.CANDIDATE
        locked.metrics = {**metrics, "rows": rows}
        locked.progress = 1.0
        locked.finished_at = timezone.now()
        locked.save(update_fields=["space", "state", "readings", "metrics", "progress", "finished_at"])
    return rows


def _split_banks(publication: Publication) -> Iterator[tuple[Publication, Mapping[str, int]]]:
    """Yield the rows of each bank of neighbours with its number, any other publication as it is."""
    if not isinstance(publication, Neighbours):
        yield publication, {}
        return
    banks = np.zeros(len(publication.item_ids), np.int16) if publication.banks is None else publication.banks
    lengths = np.diff(publication.offsets)
    for bank in np.unique(banks).tolist():
        rows = banks == bank
        inside = np.repeat(rows, lengths)
        part = Neighbours(
            publication.item_ids[rows],
            np.append(0, np.cumsum(lengths[rows])),
            publication.neighbour_ids[inside],
            publication.weights[inside],
        )
        yield part, {"bank": bank}


def _pack(publication: Publication) -> tuple[Mapping[str, str], Iterator[bytes]]:
    """Return the staged columns with their types, the owner's id first, and the rows' bytes."""
    if isinstance(publication, Scores):
        return {"item_id": "bigint", "score": "float8"}, pack_scores(publication)
    if isinstance(publication, Vectors):
        return {"item_id": "bigint", "vector": "halfvec"}, pack_vectors(_drop_null_vectors(publication))
    if isinstance(publication, Neighbours):
        columns = {"item_id": "bigint", "neighbour_ids": "bigint[]", "weights": "float8[]"}
        parts = (publication.item_ids, publication.offsets, publication.neighbour_ids, publication.weights)
        return columns, pack_lists(*parts)
    columns = {"profile_id": "bigint", "item_ids": "bigint[]", "scores": "float8[]"}
    parts = (publication.profile_ids, publication.offsets, publication.item_ids, publication.scores)
    return columns, pack_lists(*parts)


def _write(
    table: type[Model],
    owner: type[Model],
    catalog_id: int,
    constants: Mapping[str, Any],
    columns: Mapping[str, str],
    rows: Iterator[bytes],
) -> int:
    """Stage the rows and insert those whose owner is there; return how many."""
    target, owners = table._meta.db_table, owner._meta.db_table
    names = ", ".join(columns)
    key = next(iter(columns))
    staged = StagingTable("staged_publication", columns)
    with connection.cursor() as cursor, stage_blocks(cursor, staged, rows):
        # An owner that somebody is deleting right now is locked: to skip it is to neither wait for the
        # delete nor, later, fail on the foreign key. Plain updates of owners do not conflict.
        cursor.execute(
            f"INSERT INTO {target} ({', '.join(constants)}, {names}) "
            f"SELECT {', '.join(['%s'] * len(constants))}, {', '.join(f's.{name}' for name in columns)} "
            f"FROM {staged.name} s JOIN {owners} o ON o.id = s.{key} "
            "WHERE o.catalog_id = %s FOR KEY SHARE OF o SKIP LOCKED",
            [*constants.values(), catalog_id],
        )
        return int(cursor.rowcount)


def _create_space(model: TrainedModel, vectors: Vectors) -> EmbeddingSpace:
    return EmbeddingSpace.objects.create(
        catalog_id=model.catalog_id,
        role=model.learner,
        encoder="",
        options=model.options,
        dimensions=vectors.matrix.shape[1],
        metric=vectors.metric,
        state=EmbeddingSpace.State.BUILDING,
    )


def _drop_null_vectors(vectors: Vectors) -> Vectors:
    """Leave out rows that are zero in half precision, where the metric is the cosine: it is undefined for them."""
    if vectors.metric != "cosine":
        return vectors
    kept = (vectors.matrix.astype(np.float16) != 0).any(axis=1)
    return replace(vectors, item_ids=vectors.item_ids[kept], matrix=vectors.matrix[kept])
