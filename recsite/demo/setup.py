"""The steps of the demo, each done once: a second run finds what the first has left."""

import gzip
import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from catalog.extensions import load_options
from catalog.importers import importers
from catalog.models import Catalog, EmbeddingSpace, Item
from catalog.selectors import space_coverage
from catalog.services.imports import import_items
from catalog.services.spaces import create_space, ensure_text_space
from catalog.tasks import encode_space_items
from profiles.models import Interaction
from profiles.services.imports import import_interactions
from recommender.models import TrainedModel
from recommender.services.placements import create_first_placements
from recommender.services.training import start_training
from recommender.tasks import train_model_run

DATA = Path(__file__).resolve().parent.parent / "demo_data"
BOOKS = DATA / "books.jsonl.gz"
RATINGS = DATA / "ratings.csv.gz"
# The demo's times are drawn evenly over a year (see ATTRIBUTION.md): what is popular is what was read in all of it.
LEARNERS: dict[str, dict[str, Any]] = {
    "popular": {"half_life_days": 365.0},
    "trending": {},
    "newest": {},
    "co_visitation": {},
}


def ensure_catalog(key: str) -> Catalog:
    """The demo's catalog, made if it is not there."""
    return Catalog.objects.get_or_create(key=key, defaults={"name": "Demo bookshop"})[0]


def import_books(catalog: Catalog, console: Console) -> None:
    """Import the bundled books; the importer changes nothing where nothing differs."""
    if Item.objects.in_catalog(catalog.pk).filter(key__startswith="book-").count() >= count_lines(BOOKS):
        return
    with console.status("Importing books"):
        started = time.perf_counter()
        component = importers.get("jsonl")
        importer = component(load_options(component.Options, {}))
        report = import_items(catalog.pk, importer, BOOKS, on_errors=lambda errors: console.print(*errors))
    seconds = time.perf_counter() - started
    console.print(f"Imported {report.rows:,} books in {seconds:.1f} s")


def import_ratings(catalog: Catalog, console: Console) -> None:
    """Import the bundled ratings with a progress bar; what is there already counts as a duplicate."""
    component = importers.get("csv")
    importer = component(load_options(component.Options, {}))
    total = count_lines(RATINGS) - 1
    if Interaction.objects.in_catalog(catalog.pk).filter(kind="rating").count() >= total:
        return
    started = time.perf_counter()
    with make_progress(console) as progress:
        bar = progress.add_task("Importing ratings", total=total)
        report = import_interactions(
            catalog.pk,
            importer,
            RATINGS,
            on_errors=lambda errors: console.print(*errors),
            on_progress=lambda so_far: progress.update(bar, completed=so_far.rows),
            batch_size=5000,
        )
    seconds = time.perf_counter() - started
    console.print(f"Imported {report.rows:,} ratings in {seconds:.1f} s")


def count_lines(path: Path) -> int:
    """Lines of a gzipped file."""
    with gzip.open(path, "rb") as lines:
        return sum(1 for _ in lines)


def ensure_space(catalog: Catalog, encoder: str | None) -> EmbeddingSpace:
    """The catalog's text space in use, or a new one to build.

    Its encoder is ``encoder``, else what RECSITE_ENCODER says, else the transformer where torch is installed.
    """
    if EmbeddingSpace.objects.in_catalog(catalog.pk).in_use().filter(role="text").exists():
        return ensure_text_space(catalog.pk)
    if encoder is None and not settings.ENVIRONMENT.encoder_is_set and importlib.util.find_spec("torch"):
        encoder = "transformer"
    return create_space(catalog.pk, encoder=encoder) if encoder else ensure_text_space(catalog.pk)


def has_work(catalog: Catalog, space: EmbeddingSpace) -> bool:
    """Whether anything is left for a worker: items to embed, or learners without a model."""
    active = TrainedModel.objects.filter(catalog=catalog, state=TrainedModel.State.ACTIVE, learner__in=LEARNERS)
    return not is_embedded(space) or active.count() < len(LEARNERS)


def is_embedded(space: EmbeddingSpace) -> bool:
    """Whether the space is in use and nothing is left to embed: a run may have ended between the two."""
    return space.state == EmbeddingSpace.State.ACTIVE and space_coverage(space.pk).stale == 0


def embed_items(space: EmbeddingSpace, console: Console, wait: Callable[[], None]) -> None:
    """Ask the worker to embed what is stale, and watch how far it is; `wait` raises once the worker is gone."""
    if is_embedded(space):
        return
    coverage = space_coverage(space.pk)
    encode_space_items.delay(space.pk)
    started, before = time.perf_counter(), coverage.encoded
    with make_progress(console) as progress:
        bar = progress.add_task(f"Embedding items ({space.encoder})", total=coverage.total, completed=before)
        while coverage.stale:
            wait()
            coverage = space_coverage(space.pk)
            progress.update(bar, completed=coverage.encoded)
            space.refresh_from_db()
            if space.error:
                raise CommandError(f"embedding: {space.error}")
    seconds = time.perf_counter() - started
    rate = (coverage.encoded - before) / seconds
    console.print(f"Embedded {coverage.encoded - before:,} items in {seconds:.1f} s ({rate:.0f} a second)")
    while not EmbeddingSpace.objects.filter(pk=space.pk, state=EmbeddingSpace.State.ACTIVE).exists():
        wait()  # the worker promotes a catalog's first space when it is complete


def train_learners(catalog: Catalog, console: Console, wait: Callable[[], None]) -> None:
    """Have the worker train each learner that has no model yet, and put the results live."""
    live = set(
        TrainedModel.objects.filter(catalog=catalog, state=TrainedModel.State.ACTIVE).values_list("learner", flat=True)
    )
    for learner, options in LEARNERS.items():
        if learner in live:
            continue
        model = start_training(catalog.pk, learner=learner, options=options)
        train_model_run.delay(model.pk, promote=True)
        with make_progress(console, counts=False) as progress:
            bar = progress.add_task(f"Training {learner}", total=1.0)
            over = (TrainedModel.State.ACTIVE, TrainedModel.State.FAILED, TrainedModel.State.CANCELLED)
            while model.state not in over:
                wait()
                model.refresh_from_db()
                progress.update(bar, completed=model.progress)
        if model.state != TrainedModel.State.ACTIVE:
            raise CommandError(f"training {learner}: {model.error or model.state}")


def ensure_placements(catalog: Catalog) -> None:
    """The first placements, where there are none."""
    create_first_placements(catalog.pk)


def make_progress(console: Console, *, counts: bool = True) -> Progress:
    """A progress bar that turns itself off where nobody looks."""
    columns = [TextColumn("{task.description}"), BarColumn(), *([MofNCompleteColumn()] if counts else [])]
    return Progress(*columns, TimeElapsedColumn(), console=console, transient=True)
