"""An encode run: brings one space in step with its catalog, together with whoever else is at it."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.db import transaction

from catalog.bulk import renew_statistics
from catalog.conf import EncodingConf, get_conf
from catalog.encoders import EncoderUnavailable
from catalog.extensions import make_storable
from catalog.halfvec import MAX_DIMENSIONS
from catalog.models import Catalog, EmbeddingSpace
from catalog.services import embedding_rows as rows
from catalog.services.batches import EncoderFaultError, EncoderMismatchError, encode_batch
from catalog.services.encoder_cache import SharedEncoder, get_encoder
from catalog.services.spaces import SpaceIncompleteError, promote_space
from catalog.vector_index import build_index

logger = logging.getLogger(__name__)

FIRST_BATCH = 64


@dataclass(frozen=True, slots=True)
class EncodingReport:
    """What a run has done so far; ``stale`` is how many items were waiting when it began."""

    stale: int = 0
    encoded: int = 0
    failed: int = 0
    """Set aside: could not be encoded."""
    edited: int = 0
    """Edited while they were encoded, so still stale."""
    stopped: bool = False
    """The run was asked to stop before all was done."""


Progress = Callable[[EncodingReport], None]


def encode_space(
    space_id: int, *, progress: Progress | None = None, should_stop: Callable[[], bool] | None = None
) -> EncodingReport:
    """Encode every stale item of a space; return once a whole sweep finds none that could be claimed.

    Each batch is one transaction, so any interruption loses one batch at most and the next run goes on from
    there. ``progress`` is called after each batch. A catalog's first space is promoted when it is complete, and
    a space in use that has grown gets its index. Raise EncoderMismatchError, another EncoderFaultError, or
    EncoderUnavailable, where the encoder is to blame; the reason is left on the space.
    """
    space = EmbeddingSpace.objects.exclude(encoder="").get(pk=space_id)
    run = _Run(space, progress=progress or _ignore, should_stop=should_stop or _never)
    try:
        run.sweep_until_done()
    except (EncoderFaultError, EncoderUnavailable) as error:
        EmbeddingSpace.objects.filter(pk=space_id).update(error=make_storable(str(error)))
        raise
    if not run.report.stopped:
        _finish(space_id)
    return run.report


def _finish(space_id: int) -> None:
    """Promote a first space that is complete; index an active one that has grown."""
    space = EmbeddingSpace.objects.get(pk=space_id)
    rivals = EmbeddingSpace.objects.in_catalog(space.catalog_id).filter(role=space.role).exclude(state="building")
    if space.state == EmbeddingSpace.State.BUILDING and space.dimensions and not rivals.exists():
        try:
            promote_space(space_id)
        except SpaceIncompleteError:  # another worker still holds the rest, and will come here
            logger.info("Space %s: others are still encoding", space_id)
    elif space.state == EmbeddingSpace.State.ACTIVE:
        build_index(space)


class _Run:
    """One run on one space: its encoder, batch size and counts."""

    def __init__(self, space: EmbeddingSpace, *, progress: Progress, should_stop: Callable[[], bool]) -> None:
        self.space = space
        self.conf: EncodingConf = get_conf().encoding
        self.attributes = Catalog.objects.values_list("embedded_attributes", flat=True).get(pk=space.catalog_id)
        self.encoder: SharedEncoder | None = None
        self.limit = min(FIRST_BATCH, self.conf.largest_batch)
        self.report = EncodingReport()
        self._progress = progress
        self._should_stop = should_stop

    def sweep_until_done(self) -> None:
        """Sweep over the space's rows in the order of the items, until a whole sweep claims nothing."""
        self._add_rows()
        self.report = replace(self.report, stale=rows.count_stale(self.space.pk))
        self._progress(self.report)
        while self.report.stale and self._sweep() and not self.report.stopped:
            self._add_rows()

    def _add_rows(self) -> None:
        if not rows.lacks_rows(self.space):
            return
        after: int | None = 0
        total = 0
        while after is not None and not self._stops():
            after, added = rows.add_rows(self.space, after=after, limit=self.conf.top_up_items)
            total += added
        if total >= self.conf.top_up_items:
            renew_statistics(("catalog_item", "catalog_embedding"))

    def _sweep(self) -> bool:
        """Return whether anything was claimed."""
        after: int | None = 0
        claimed = False
        while after is not None and not self._stops():
            started = time.perf_counter()
            after = self._encode_next(after)
            claimed = claimed or after is not None
            seconds = max(time.perf_counter() - started, 1e-6)
            # The length of a batch approaches the aim by a factor of two at most, so one odd batch does no harm.
            factor = min(2.0, max(0.5, self.conf.batch_seconds / seconds))
            self.limit = min(self.conf.largest_batch, max(1, int(self.limit * factor)))
        return claimed

    def _stops(self) -> bool:
        if self._should_stop():
            self.report = replace(self.report, stopped=True)
        return self.report.stopped

    def _encode_next(self, after: int) -> int | None:
        """Encode the next batch behind item ``after`` in one transaction; return its last item, None without any."""
        with transaction.atomic():
            items = rows.claim_items(
                self.space,
                after=after,
                limit=self.limit,
                characters=self.conf.text_characters,
                attributes=self.attributes,
            )
            if not items:
                return None
            if self.encoder is None:
                self.encoder = get_encoder(self.space.encoder, self.space.options)
                _match_space(self.space, self.encoder)
            batch = encode_batch(self.encoder, items, failures_in_a_row=self.conf.failures_in_a_row)
            written = rows.write_vectors(self.space.pk, batch.items, batch.vectors)
            for item, reason in batch.failures:
                rows.set_aside(self.space.pk, item, error=reason, wait=self._choose_wait(item.attempts + 1))
        self.report = replace(
            self.report,
            encoded=self.report.encoded + written,
            failed=self.report.failed + len(batch.failures),
            edited=self.report.edited + len(batch.items) - written,
        )
        self._progress(self.report)
        return items[-1].item_id

    def _choose_wait(self, attempts: int) -> float | None:
        if attempts >= self.conf.most_attempts:
            return None
        return float(min(self.conf.retry_seconds * 2.0 ** (attempts - 1), self.conf.longest_retry_seconds))


def _match_space(space: EmbeddingSpace, encoder: SharedEncoder) -> None:
    """Give a new space the encoder's width and fingerprint; raise EncoderMismatchError where an old one has others."""
    if not 1 <= encoder.dimensions <= MAX_DIMENSIONS:
        raise EncoderMismatchError(f"vectors may have 1 to {MAX_DIMENSIONS} dimensions, not {encoder.dimensions}")
    spaces = EmbeddingSpace.objects.filter(pk=space.pk)
    spaces.filter(dimensions=None).update(dimensions=encoder.dimensions, fingerprint=encoder.fingerprint)
    current = spaces.values_list("dimensions", "fingerprint").get()
    if current != (encoder.dimensions, encoder.fingerprint):
        raise EncoderMismatchError(
            f"the space holds vectors of {current[0]} dimensions by {current[1]!r}, but its encoder now gives "
            f"{encoder.dimensions} by {encoder.fingerprint!r}: build a new space beside this one"
        )
    spaces.exclude(error="").update(error="")


def _ignore(_: EncodingReport) -> None:
    pass


def _never() -> bool:
    return False
