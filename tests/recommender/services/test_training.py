"""A training run: what it publishes, what it records, and what is left when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import numpy as np
import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from catalog.extensions import OptionError, RegistryError
from catalog.models import Catalog, Embedding, EmbeddingSpace, Item
from catalog.vector_index import drop_index, has_index
from profiles.models import Profile
from recommender.learners import Neighbours, Progress, Publication, Scores, Shape, Shortlists, Vectors, learners
from recommender.models import ItemNeighbours, ItemScore, ModelArrays, Shortlist, TrainedModel
from recommender.services import publishing, training_progress
from recommender.services.training import start_training, train_model
from recommender.services.training_locks import TrainingUnderWayError, hold_training
from recommender.training.array_bytes import unpack_arrays
from recommender.training.dataset import InteractionDataset
from tests.recommender.logs import make_catalog, make_items, make_profiles, record
from tests.recommender.worlds import make_world, place_items

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class StubOptions:
    """Options of the learner under test."""

    factor: float = field(default=1.0, metadata={"help": "Multiplies."})


class Stub:
    """A learner that returns what the test put into it."""

    Options: ClassVar[type[StubOptions]] = StubOptions
    shape: ClassVar[Shape] = "scores"
    outcome: ClassVar[Any] = None

    def __init__(self, options: StubOptions) -> None:
        self.options = options

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Publication:
        progress(0.5)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        made: Publication = self.outcome(dataset)
        return made


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Stub]]:
    learners.register("stub")(Stub)
    monkeypatch.setattr(Stub, "shape", "scores")
    monkeypatch.setattr(Stub, "outcome", staticmethod(score_all))
    yield Stub
    learners.unregister("stub")


def score_all(dataset: InteractionDataset) -> Scores:
    return Scores(dataset.item_ids, np.arange(len(dataset.item_ids), dtype=np.float64), metrics={"depth": 2.0})


def run(catalog: Catalog, learner: str = "stub", **options: Any) -> TrainedModel:
    return train_model(start_training(catalog.pk, learner=learner, options=options).pk)


def test_a_run_publishes_scores_as_a_candidate_with_its_figures(stub: type[Stub]) -> None:
    catalog = make_catalog()
    items, (profile,) = make_items(catalog, 3), make_profiles(catalog, 1)
    record(profile, items[0], at=0)
    model = run(catalog, factor=2.0)
    assert (model.state, model.shape, model.options, model.progress) == ("candidate", "scores", {"factor": 2.0}, 1.0)
    assert {name: model.metrics[name] for name in ("rows", "interactions", "profiles", "items", "learner_depth")} == {
        "rows": 3, "interactions": 1, "profiles": 1, "items": 3, "learner_depth": 2.0
    }  # fmt: skip
    assert {"load_seconds", "train_seconds", "publish_seconds"} <= model.metrics.keys()
    assert model.trained_until is not None
    assert model.finished_at is not None
    assert model.trained_until <= model.finished_at
    assert list(ItemScore.objects.order_by("score").values_list("model_id", "item_id", "score")) == [
        (model.pk, item.pk, float(place)) for place, item in enumerate(items)
    ]


def test_neighbours_become_arrays_best_first(stub: type[Stub]) -> None:
    catalog = make_catalog()
    a, b, c = (item.pk for item in make_items(catalog, 3))
    stub.shape = "neighbours"
    stub.outcome = staticmethod(lambda _: Neighbours(
        np.array([a, b, c]), np.array([0, 2, 2, 3]), np.array([b, c, a]), np.array([0.75, 1e-300, -2.0])
    ))  # fmt: skip
    model = run(catalog)
    assert model.error == ""
    assert list(ItemNeighbours.objects.order_by("item_id").values_list("item_id", "neighbour_ids", "weights")) == [
        (a, [b, c], [0.75, 1e-300]),
        (c, [a], [-2.0]),
    ]
    assert model.metrics["rows"] == 2


def test_shortlists_belong_to_profiles(stub: type[Stub]) -> None:
    catalog = make_catalog()
    items, (profile,) = make_items(catalog, 2), make_profiles(catalog, 1)
    record(profile, items[0], at=0)
    ids = [items[1].pk, items[0].pk]
    stub.shape = "shortlists"
    stub.outcome = staticmethod(
        lambda data: Shortlists(data.profile_ids, np.array([0, 2]), np.array(ids), np.array([2.0, 1.0]))
    )
    run(catalog)
    assert list(Shortlist.objects.values_list("profile_id", "item_ids", "scores")) == [(profile.pk, ids, [2.0, 1.0])]


@pytest.mark.parametrize(("metric", "rows"), [("cosine", 2), ("inner_product", 3)])
def test_vectors_become_a_space_of_the_learner(stub: type[Stub], metric: Any, rows: int) -> None:
    catalog = make_catalog()
    items = make_items(catalog, 3)
    matrix = np.array([[0.5, -1.25, 65504.0], [1.0, 2.0, 3.0], [0.0, 0.0, 1e-12]], dtype=np.float32)
    stub.shape = "vectors"
    stub.outcome = staticmethod(lambda data: Vectors(data.item_ids, matrix, metric=metric))
    model = run(catalog)
    assert model.error == ""
    space = EmbeddingSpace.objects.get()
    assert model.space == space
    assert (space.role, space.encoder, space.dimensions, space.metric, space.state) == (
        "stub", "", 3, metric, "building"
    )  # fmt: skip
    stored = Embedding.objects.order_by("item_id").values_list("item_id", "vector")
    assert [(item_id, list(vector)) for item_id, vector in stored][:2] == [
        (items[0].pk, [0.5, -1.25, 65504.0]),
        (items[1].pk, [1.0, 2.0, 3.0]),
    ]
    assert len(stored) == model.metrics["rows"] == rows


@pytest.mark.parametrize("wants", [True, False])
def test_content_comes_with_the_data_for_those_who_want_it(
    stub: type[Stub], monkeypatch: pytest.MonkeyPatch, wants: bool
) -> None:
    world = make_world("a", "b", "c")
    place_items(world, {"a": (3.0, 4.0), "c": (0.0, 2.0)})
    seen: list[Any] = []

    def look_and_score(dataset: InteractionDataset) -> Scores:
        seen.append(None if dataset.content is None else dataset.content.tolist())
        return score_all(dataset)

    stub.outcome = staticmethod(look_and_score)
    if wants:
        monkeypatch.setattr(Stub, "wants_content", True, raising=False)
    assert run(world.catalog).error == ""
    assert seen == [pytest.approx(np.array([[0.6, 0.8], [0.0, 0.0], [0.0, 1.0]]), abs=1e-3) if wants else None]


def test_the_arrays_of_a_publication_are_kept(stub: type[Stub]) -> None:
    catalog = make_catalog()
    make_items(catalog, 2)
    stub.outcome = staticmethod(
        lambda data: Scores(data.item_ids, np.ones(2), arrays={"gram": np.eye(2, dtype=np.float32)})
    )
    model = run(catalog)
    (row,) = ModelArrays.objects.filter(model=model)
    assert row.name == "publication"
    assert unpack_arrays(row.data)["gram"].tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_an_empty_catalog_trains_to_nothing() -> None:
    catalog = make_catalog()
    for learner in ("popular", "trending", "newest", "co_visitation"):
        model = run(catalog, learner)
        assert (model.state, model.error, model.metrics["rows"]) == ("candidate", "", 0)


def test_items_deleted_meanwhile_are_left_out(stub: type[Stub]) -> None:
    catalog = make_catalog()
    kept, gone = make_items(catalog, 2)

    def delete_and_score(dataset: InteractionDataset) -> Scores:
        Item.objects.filter(pk=gone.pk).delete()
        return score_all(dataset)

    stub.outcome = staticmethod(delete_and_score)
    model = run(catalog)
    assert (model.state, model.metrics["rows"]) == ("candidate", 1)
    assert list(ItemScore.objects.values_list("item_id", flat=True)) == [kept.pk]
    connection.check_constraints()


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (RuntimeError("no convergence"), "RuntimeError: no convergence"),
        (KeyError(), "KeyError"),
        (ValueError("of\0nothing"), "ValueError: ofnothing"),
        (lambda data: Scores(data.item_ids, np.full(len(data.item_ids), np.nan)), "PublicationError: scores: nan at 0"),
        (lambda data: Scores(data.item_ids + 1000, np.ones(len(data.item_ids))), "is not in the dataset"),
        (lambda data: None, "returned NoneType"),
    ],
)
def test_a_failure_is_recorded_and_nothing_is_published(stub: type[Stub], outcome: Any, error: str) -> None:
    catalog = make_catalog()
    make_items(catalog, 2)
    stub.outcome = outcome if isinstance(outcome, BaseException) else staticmethod(outcome)
    model = run(catalog)
    assert model.state == "failed"
    assert error in model.error
    assert model.finished_at is not None
    assert not ItemScore.objects.exists()


def test_an_error_in_the_middle_of_publishing_leaves_no_row(stub: type[Stub], monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_catalog()
    make_items(catalog, 2)
    real = publishing._write

    def write_and_break(*args: Any) -> int:
        assert real(*args) == 2
        assert ItemScore.objects.count() == 2
        raise OSError("the disk is full")

    monkeypatch.setattr(publishing, "_write", write_and_break)
    model = run(catalog)
    assert (model.state, model.error) == ("failed", "OSError: the disk is full")
    assert not ItemScore.objects.exists()


def test_an_interruption_is_recorded_and_goes_on_up(stub: type[Stub]) -> None:
    catalog = make_catalog()
    stub.outcome = KeyboardInterrupt()
    model = start_training(catalog.pk, learner="stub")
    with pytest.raises(KeyboardInterrupt):
        train_model(model.pk)
    model.refresh_from_db()
    assert (model.state, model.error) == ("failed", "KeyboardInterrupt")


def test_running_a_run_again_changes_nothing(stub: type[Stub]) -> None:
    catalog = make_catalog()
    make_items(catalog, 2)
    model = run(catalog)
    stub.outcome = RuntimeError("must not run")
    again = train_model(model.pk)
    assert (again.state, again.finished_at) == ("candidate", model.finished_at)
    assert ItemScore.objects.count() == 2


def test_an_unknown_learner_or_option_makes_no_run(stub: type[Stub]) -> None:
    catalog = make_catalog()
    with pytest.raises(RegistryError, match=r"no 'nosuch'.*popular"):
        start_training(catalog.pk, learner="nosuch")
    with pytest.raises(OptionError, match="option 'depth': unknown"):
        start_training(catalog.pk, learner="stub", options={"depth": 3})
    assert not TrainedModel.objects.exists()


def test_progress_is_passed_on_and_written(stub: type[Stub], monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make_catalog()
    monkeypatch.setattr(training_progress, "PROGRESS_SECONDS", 0.0)
    model = start_training(catalog.pk, learner="stub")
    seen = []

    def watch(fraction: float) -> None:
        seen.append((fraction, TrainedModel.objects.get(pk=model.pk).progress))

    train_model(model.pk, progress=watch)
    assert seen == [(0.5, 0.0), (1.0, 1.0)]


def test_what_comes_later_than_the_start_of_the_run_is_not_learned(stub: type[Stub]) -> None:
    catalog = make_catalog()
    (item,), (profile,) = make_items(catalog, 1), make_profiles(catalog, 1)
    record(profile, item, at=0)
    Profile.objects.get().interaction_set.update(occurred_at=timezone.now() + timedelta(seconds=60))
    assert run(catalog).metrics["interactions"] == 0


def test_a_dead_workers_run_is_marked_by_the_next_and_a_waiting_one_is_not(stub: type[Stub]) -> None:
    catalog, other = make_catalog(), make_catalog("other")
    dead = start_training(catalog.pk, learner="stub")
    elsewhere = start_training(other.pk, learner="stub")
    for begun in (dead, elsewhere):
        TrainedModel.objects.filter(pk=begun.pk).update(trained_until=timezone.now())
    waiting = start_training(catalog.pk, learner="stub")
    run(catalog)
    for model in (dead, waiting, elsewhere):
        model.refresh_from_db()
    assert (dead.state, dead.error) == ("failed", "The worker ended before the training did.")
    assert (waiting.state, elsewhere.state) == ("training", "training")


def test_a_redelivered_run_starts_over(stub: type[Stub]) -> None:
    catalog = make_catalog()
    model = start_training(catalog.pk, learner="stub")
    TrainedModel.objects.filter(pk=model.pk).update(trained_until=timezone.now(), progress=0.7)
    assert train_model(model.pk).state == "candidate"


@pytest.fixture
def other_session() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(**{
        name: value for name, value in connection.get_connection_params().items() if name in
        ("dbname", "user", "host", "port", "password")
    }, autocommit=True) as session:  # fmt: skip
        yield session


def test_the_same_learner_is_not_trained_twice_at_once(
    stub: type[Stub], other_session: psycopg.Connection[Any]
) -> None:
    catalog = make_catalog()
    model = start_training(catalog.pk, learner="stub")
    with other_session.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [find_key(catalog.pk, "stub")])
    with pytest.raises(TrainingUnderWayError, match="stub is being trained"):
        train_model(model.pk)
    model.refresh_from_db()
    assert (model.state, model.trained_until) == ("training", None)
    assert run(catalog, "popular").state == "candidate"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [other_session.info.backend_pid])
    assert train_model(model.pk).state == "candidate"


def find_key(catalog_id: int, learner: str) -> int:
    """Read the key of the lock off the server."""
    with hold_training(catalog_id, learner), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks "
            "WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objsubid = 1"
        )
        ((key,),) = cursor.fetchall()
    return int(key)


@pytest.mark.django_db(transaction=True)
def test_a_learners_space_gets_an_index_once_it_is_large_enough(stub: type[Stub], settings: Any) -> None:
    settings.RECSITE_ENCODING = {"index_from_rows": 3}
    catalog = make_catalog()
    make_items(catalog, 3)
    matrix = np.eye(3, dtype=np.float32)
    stub.shape = "vectors"
    stub.outcome = staticmethod(lambda data: Vectors(data.item_ids, matrix))
    model = run(catalog)
    assert (model.state, model.error) == ("candidate", "")
    assert model.space is not None
    assert has_index(model.space.pk)
    drop_index(model.space.pk)
