"""The life of an embedding space: created beside the active one, compared, promoted, rolled back to, deleted."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.conf import get_conf
from catalog.encoders import encoders
from catalog.extensions import dump_options, load_options
from catalog.models import Catalog, Embedding, EmbeddingSpace
from catalog.selectors import SpaceCoverage, find_earlier_space, space_coverage
from catalog.vector_index import build_index, drop_index

TEXT = "text"
ROWS_A_DELETE = 10_000


class SpaceError(Exception):
    """A space cannot be changed as asked; the message says why."""


class SpaceIncompleteError(SpaceError):
    """A space lacks items, so that its answers would lack them too."""

    def __init__(self, space: EmbeddingSpace, coverage: SpaceCoverage) -> None:
        super().__init__(
            f"space {space.pk} is not complete: {coverage.stale:,} of {coverage.total:,} items are not encoded yet"
            if space.dimensions
            else f"space {space.pk} is not complete: nothing has been encoded yet"
        )
        self.coverage = coverage


def create_space(
    catalog_id: int, *, encoder: str, options: Mapping[str, Any] | None = None, role: str = TEXT
) -> EmbeddingSpace:
    """Create a space in state building; the first encode run fills in its width and fingerprint.

    Raise RegistryError for an unknown encoder and OptionError for bad options. The encoder is not built here.
    """
    component = encoders.get(encoder)
    checked = load_options(component.Options, options or {})
    return EmbeddingSpace.objects.create(
        catalog_id=catalog_id, role=role, encoder=encoder, options=dump_options(checked)
    )


def ensure_text_space(catalog_id: int) -> EmbeddingSpace:
    """Return the active text space of a catalog, else the one being built, else a new one from the settings."""
    with transaction.atomic():
        Catalog.objects.select_for_update(no_key=True).get(pk=catalog_id)  # so that two workers do not make two
        spaces = EmbeddingSpace.objects.in_catalog(catalog_id).filter(role=TEXT)
        # "active" sorts before "building"; of several that are being built, the latest
        found = spaces.in_use().encoded().order_by("state", "-pk").first()
        conf = get_conf()
        return found or create_space(catalog_id, encoder=conf.encoder, options=conf.encoder_options)


def promote_space(space_id: int, *, force: bool = False) -> EmbeddingSpace:
    """Make a space the active one of its role and retire the one before, at one moment for all readers.

    Its index is built first. Raise SpaceIncompleteError where items are not encoded yet, unless ``force``; a space
    without a width cannot be promoted at all. What is active already stays so. Not for use in a transaction
    where the space is large enough for an index.
    """
    space = EmbeddingSpace.objects.get(pk=space_id)
    coverage = space_coverage(space_id)
    if space.dimensions is None or not (coverage.complete or force):
        raise SpaceIncompleteError(space, coverage)
    build_index(space)
    return activate_space(space_id)


def activate_space(space_id: int) -> EmbeddingSpace:
    """Make a space the active one of its role whatever it holds: for promote_space, and for whoever published it.

    Raise SpaceError where it has been deleted.
    """
    with transaction.atomic():
        own = EmbeddingSpace.objects.filter(pk=space_id)
        role = EmbeddingSpace.objects.filter(catalog__in=own.values("catalog"), role__in=own.values("role"))
        locked = {row.pk: row for row in role.order_by("pk").select_for_update()}
        if space_id not in locked:
            raise SpaceError(f"space {space_id} has been deleted")
        space = locked[space_id]
        if space.state != EmbeddingSpace.State.ACTIVE:
            role.filter(state=EmbeddingSpace.State.ACTIVE).update(state=EmbeddingSpace.State.RETIRED)
            space.state = EmbeddingSpace.State.ACTIVE
            space.activated_at = timezone.now()
            space.save(update_fields=["state", "activated_at"])
    return space


def roll_back_space(catalog_id: int, *, role: str = TEXT, force: bool = False) -> EmbeddingSpace:
    """Make the space active again that was so before the present one, and retire that.

    A retired space is not kept in step: raise SpaceIncompleteError where it lacks items by now, unless ``force``
    (``encode_space`` tops it up, before or after). Raise SpaceError where there is none to go back to.
    """
    earlier = find_earlier_space(catalog_id, role)
    if earlier is None:
        raise SpaceError(f"no space of role {role!r} has been active before the present one")
    return promote_space(earlier.pk, force=force)


def delete_space(space_id: int, *, force: bool = False) -> int:
    """Delete a space with its index and vectors; return how many rows it had.

    Raise SpaceError for the active one, unless ``force``.
    """
    space = EmbeddingSpace.objects.filter(pk=space_id).first()
    if space is None:
        return 0
    if space.state == EmbeddingSpace.State.ACTIVE:
        if not force:
            raise SpaceError(f"space {space_id} is active: promote another one first")
        EmbeddingSpace.objects.filter(pk=space_id).update(state=EmbeddingSpace.State.RETIRED)
    drop_index(space_id)  # to take rows out of it one by one would last minutes
    deleted = 0
    rows = Embedding.objects.in_space(space_id).order_by("item_id")
    while ids := list(rows.values_list("pk", flat=True)[:ROWS_A_DELETE]):
        deleted += rows.filter(pk__in=ids).delete()[0]
    EmbeddingSpace.objects.filter(pk=space_id).delete()
    return deleted
