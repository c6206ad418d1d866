"""Query vectors of people: served while nearly up to date, refreshed by a worker, right after merges and failures."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import numpy as np
import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from numpy.typing import NDArray

from catalog.models import EmbeddingSpace
from profiles.identity import merge_profiles
from profiles.models import Interaction, Profile
from profiles.records import InteractionRecord
from profiles.services.interactions import record_interactions
from recommender import receivers, tasks
from recommender.learners import Progress, Vectors, learners
from recommender.models import ModelArrays, ProfileVector, TrainedModel
from recommender.readers import vectors
from recommender.readers.candidates import read_candidates
from recommender.records import Plan, Query, SpaceRef, StrategyPlan
from recommender.services import profile_refresh
from recommender.services.profile_refresh import (
    refresh_profile_vectors,
    refresh_recent_profile_vectors,
    refresh_stale_profile_vectors,
)
from recommender.services.profile_vectors import write_profile_vectors
from recommender.services.promotion import promote_model
from recommender.services.training import start_training, train_model
from recommender.training.array_bytes import pack_arrays
from recommender.training.dataset import InteractionDataset
from tests.recommender.worlds import World, act, make_profile, make_world, place_items

pytestmark = pytest.mark.django_db

PLACES = {"east": [1.0, 0.0], "near-east": [0.9, 0.1], "north": [0.0, 1.0], "near-north": [0.1, 0.9]}


@dataclass(frozen=True)
class LastOptions:
    """None."""


class Last:
    """The vector of somebody is that of the item after the last one, as the arrays say."""

    Options: ClassVar[type[Any]] = LastOptions
    shape = "vectors"
    encoded: ClassVar[list[list[int]]] = []
    fault: ClassVar[str] = ""

    def __init__(self, options: LastOptions) -> None: ...

    def train(self, dataset: InteractionDataset, *, progress: Progress) -> Vectors:
        matrix = np.eye(max(2, len(dataset.item_ids)), dtype=np.float32)[: len(dataset.item_ids)]
        arrays = {"item_ids": dataset.item_ids, "matrix": matrix}
        queries = self.encode_profiles(arrays, dataset)
        return Vectors(dataset.item_ids, matrix, arrays=arrays, profile_ids=dataset.profile_ids, profile_matrix=queries)

    def encode_profiles(self, arrays: Mapping[str, NDArray[Any]], dataset: InteractionDataset) -> NDArray[np.float32]:
        self.encoded.append(dataset.profile_ids.tolist())
        if self.fault == "raises":
            raise RuntimeError("out of order")
        known = {item_id: row for row, item_id in enumerate(arrays["item_ids"].tolist())}
        last = dataset.item_ids[dataset.items[dataset.profile_offsets[1:] - 1]].tolist()
        rows = [arrays["matrix"][known[item_id]] if item_id in known else 0 * arrays["matrix"][0] for item_id in last]
        matrix = np.array(rows, dtype=np.float32)
        return {"narrow": matrix[:, :1], "nan": matrix * np.nan}.get(self.fault, matrix)


@pytest.fixture(autouse=True)
def learner(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Last]]:
    monkeypatch.setattr(Last, "encoded", [])
    monkeypatch.setattr(Last, "fault", "")
    learners.register("last")(Last)
    yield Last
    learners.unregister("last")


@pytest.fixture(autouse=True)
def own_cache(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "vectors"}}
    cache.clear()


def publish(world: World, successors: Mapping[str, str], *, state: str = "active") -> TrainedModel:
    """A model of Last: after each item comes its successor."""
    space = place_items(world, PLACES)
    EmbeddingSpace.objects.filter(pk=space.pk).update(role="last")
    model = TrainedModel.objects.create(
        catalog=world.catalog, learner="last", shape="vectors", state=state, space=space, trained_until=timezone.now()
    )
    matrix = np.array([PLACES[successor] for successor in successors.values()], dtype=np.float32)
    arrays = {"item_ids": np.array(world.ids(*successors)), "matrix": matrix}
    ModelArrays.objects.create(model=model, name="publication", data=pack_arrays(arrays))
    return model


def read_best(world: World, model: TrainedModel, profile: Profile, *, now: datetime | None = None) -> list[str]:
    """Keys, best first, of what history match in the model's space proposes."""
    assert model.space is not None
    strategy = StrategyPlan(
        "history_match_last", "history_match", 1.0, space=SpaceRef(model.space.pk, 2, model.space.metric)
    )
    query = Query(world.catalog.pk, now=now or timezone.now(), size=5, profile_id=profile.pk)
    return world.keys(read_candidates(Plan(world.catalog.pk, (strategy,)), query, limit=10).lists[0].item_ids)


def record(world: World, user: str, *keys: str) -> None:
    now = timezone.now()
    records = [
        InteractionRecord(user_id=user, item=key, kind="like", occurred_at=now + timedelta(milliseconds=place - 99))
        for place, key in enumerate(keys)
    ]
    record_interactions(world.catalog.pk, records)


def vectors_of(profile: Profile) -> list[list[float]]:
    return [list(row.vector) for row in ProfileVector.objects.filter(profile=profile)]


def test_a_vector_serves_until_the_next_and_no_longer_when_it_is_far_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = make_world(*PLACES)
    model = publish(world, {"east": "north", "north": "east"})
    profile = make_profile(world)
    act(world, profile, "east")
    assert read_best(world, model, profile)[0] == "near-east"

    assert refresh_profile_vectors(world.catalog.pk, [profile.pk]) == 1
    assert read_best(world, model, profile)[:2] == ["north", "near-north"]

    act(world, profile, "near-east", days_ago=0.5)
    assert read_best(world, model, profile) == ["north", "near-north"]

    ProfileVector.objects.update(interaction_id=0)
    assert read_best(world, model, profile)[0] == "north"
    monkeypatch.setattr(vectors, "MOST_BEHIND", 1)
    assert read_best(world, model, profile) == ["near-north", "north"]


def test_what_is_up_to_date_is_passed_over() -> None:
    world = make_world(*PLACES)
    publish(world, {"east": "north"})
    ada, bob, idle = (make_profile(world, key) for key in ("ada", "bob", "idle"))
    act(world, ada, "east")
    act(world, bob, "east")
    ids = [ada.pk, bob.pk, idle.pk, 2**40, ada.pk]

    assert refresh_profile_vectors(world.catalog.pk, ids) == 2
    act(world, bob, "north", days_ago=0.5)
    assert refresh_profile_vectors(world.catalog.pk, ids) == 1
    assert refresh_profile_vectors(world.catalog.pk, ids) == 0
    assert Last.encoded == [[ada.pk, bob.pk], [bob.pk]]


def test_of_whom_nothing_is_known_the_history_speaks_and_no_worker_asks_again() -> None:
    world = make_world(*PLACES)
    model = publish(world, {"north": "east"})
    profile = make_profile(world)
    act(world, profile, "east")

    assert refresh_stale_profile_vectors() == 1
    assert refresh_stale_profile_vectors() == 0
    assert vectors_of(profile) == [[0.0, 0.0]]
    assert read_best(world, model, profile)[0] == "near-east"


def test_a_vector_that_knew_of_less_is_replaced_by_nothing() -> None:
    world = make_world(*PLACES)
    publish(world, {"east": "north"})
    profile = make_profile(world)
    act(world, profile, "east")
    refresh_stale_profile_vectors()
    act(world, profile, "near-east", days_ago=0.5)

    refresh_stale_profile_vectors()

    assert vectors_of(profile) == [[0.0, 0.0]]


def test_an_older_row_that_comes_late_makes_a_vector_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(*PLACES)
    model = publish(world, {"east": "north"})
    profile = make_profile(world)
    act(world, profile, "east", days_ago=1)
    refresh_stale_profile_vectors()
    act(world, profile, "near-east", days_ago=2)
    with monkeypatch.context() as patch:
        patch.setattr(vectors, "MOST_BEHIND", 0)
        assert read_best(world, model, profile)[0] == "near-north"
    assert refresh_stale_profile_vectors() == 1
    assert read_best(world, model, profile)[0] == "north"


def test_only_active_models_of_the_catalog_with_such_a_learner_are_asked() -> None:
    world, other = make_world(*PLACES), make_world(*PLACES, catalog="other")
    publish(world, {"east": "north"}, state="candidate")
    publish(other, {"east": "north"})
    profile = make_profile(world)
    act(world, profile, "east")

    assert refresh_profile_vectors(world.catalog.pk, [profile.pk]) == 0
    assert refresh_profile_vectors(other.catalog.pk, [profile.pk]) == 0
    assert refresh_stale_profile_vectors() == 0
    assert Last.encoded == []


@pytest.mark.parametrize("fault", ["raises", "narrow", "nan"])
def test_a_learner_at_fault_is_logged_and_the_history_speaks(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    world = make_world(*PLACES)
    model = publish(world, {"east": "north"})
    profile = make_profile(world)
    act(world, profile, "east")
    Last.fault = fault

    with caplog.at_level(logging.ERROR):
        assert refresh_stale_profile_vectors(world.catalog.pk) == 0

    assert f"last #{model.pk}" in caplog.text
    assert vectors_of(profile) == []
    assert read_best(world, model, profile)[0] == "near-east"


def test_arrays_are_read_once_a_process() -> None:
    world = make_world(*PLACES)
    publish(world, {"east": "north"})
    profile = make_profile(world)
    for days_ago in (2.0, 1.0):
        act(world, profile, "east", days_ago=days_ago)
        with CaptureQueriesContext(connection) as captured:
            refresh_profile_vectors(world.catalog.pk, [profile.pk])

    assert not any("modelarrays" in query["sql"] for query in captured)


def test_many_people_are_gone_through_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_refresh, "CHUNK", 2)
    world = make_world(*PLACES)
    publish(world, {"east": "north"})
    people = [make_profile(world, f"p{place}") for place in range(5)]
    for profile in people:
        act(world, profile, "east")

    assert refresh_stale_profile_vectors(world.catalog.pk) == 5
    assert [len(ids) for ids in Last.encoded] == [2, 2, 1]


def test_a_merged_profile_has_no_vector_until_a_worker_has_seen_the_whole_history() -> None:
    world = make_world(*PLACES)
    model = publish(world, {"east": "north", "north": "east"})
    browser, ada = make_profile(world, "browser"), make_profile(world, "ada")
    act(world, browser, "near-east", days_ago=1)
    act(world, ada, "east", days_ago=0.5)
    refresh_stale_profile_vectors()
    receivers.follow_merge(source_id=browser.pk, into_id=ada.pk)
    assert not ProfileVector.objects.exists()

    merge_profiles(world.catalog.pk, source="browser", into="ada")

    assert read_best(world, model, ada)[0] == "near-north"
    assert refresh_profile_vectors(world.catalog.pk, [browser.pk, ada.pk]) == 1
    assert read_best(world, model, ada)[0] == "north"
    assert vectors_of(browser) == []


def test_a_vector_made_before_a_merge_is_not_written_after_it() -> None:
    world = make_world(*PLACES)
    model = publish(world, {"east": "north"})
    browser, ada = make_profile(world, "browser"), make_profile(world, "ada")
    for profile in (browser, ada):
        act(world, profile, "east")
    merge_profiles(world.catalog.pk, source="browser", into="ada")
    assert model.space is not None

    written = write_profile_vectors(
        model.space, np.array([browser.pk, ada.pk]), np.ones((2, 2), dtype=np.float32), until=timezone.now()
    )

    assert written == 0


def test_a_vector_is_not_written_where_the_log_has_grown_since_it_was_read() -> None:
    world = make_world(*PLACES)
    model = publish(world, {"east": "north"})
    ada, bob = make_profile(world, "ada"), make_profile(world, "bob")
    for profile in (ada, bob):
        act(world, profile, "east")
    act(world, bob, "north", days_ago=2)
    Interaction.objects.create(
        catalog=world.catalog, profile=ada, kind="search", query_text="x", occurred_at=timezone.now() - timedelta(1)
    )
    assert model.space is not None

    write_profile_vectors(
        model.space,
        np.array([ada.pk, bob.pk]),
        np.ones((2, 2), dtype=np.float32),
        until=timezone.now(),
        row_counts=np.array([1, 1]),
    )

    assert list(ProfileVector.objects.values_list("profile", flat=True)) == [ada.pk]


def test_deleted_people_take_their_vectors_along() -> None:
    world = make_world(*PLACES)
    publish(world, {"east": "north"})
    profile = make_profile(world)
    act(world, profile, "east")
    refresh_stale_profile_vectors()

    profile.delete()

    assert not ProfileVector.objects.exists()


def test_recent_means_recent() -> None:
    world = make_world(*PLACES)
    publish(world, {"east": "north"})
    ada, bob = make_profile(world, "ada"), make_profile(world, "bob")
    record(world, "ada", "east")
    act(world, bob, "east", days_ago=1)

    assert refresh_recent_profile_vectors(world.catalog.pk) == 1
    assert vectors_of(ada) == [[0.0, 1.0]]
    assert vectors_of(bob) == []


def test_recorded_interactions_ring_once_until_a_worker_comes(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        tasks.refresh_recent_profile_vectors, "apply_async", lambda args, *_, **__: sent.append(tuple(args))
    )
    world = make_world(*PLACES)
    publish(world, {"east": "north", "north": "east"})

    with django_capture_on_commit_callbacks(execute=True):
        record(world, "new", "east")
        record(world, "other", "north")
    assert sent == [(world.catalog.pk,)]

    assert tasks.refresh_recent_profile_vectors(world.catalog.pk) == 2
    with django_capture_on_commit_callbacks(execute=True):
        record(world, "new", "north")
    assert len(sent) == 2
    assert vectors_of(Profile.objects.get(key="new")) == [[0.0, 1.0]]


def test_without_a_cache_interactions_are_recorded_all_the_same(
    settings: Any, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": "tests.recommender.services.test_profile_refresh.NoCache"}}
    world = make_world(*PLACES)

    with django_capture_on_commit_callbacks(execute=True):
        record(world, "ada", "east")

    assert Interaction.objects.count() == 1
    assert "vectors of people wait for the periodic task" in caplog.text
    assert refresh_recent_profile_vectors(world.catalog.pk) == 0


class NoCache:
    """A cache that is down."""

    def __init__(self, *_: object) -> None: ...

    def add(self, *_: object, **__: object) -> bool:
        raise ConnectionError("down")

    def delete(self, *_: object) -> bool:
        raise ConnectionError("down")

    def close(self) -> None: ...


def test_a_model_gone_live_gets_the_vectors_that_it_lacks(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        tasks.refresh_stale_profile_vectors, "apply_async", lambda args, *_, **__: sent.append(tuple(args))
    )
    world = make_world(*PLACES)
    ada, bob = make_profile(world, "ada"), make_profile(world, "bob")
    act(world, ada, "east")
    model = train_model(start_training(world.catalog.pk, learner="last").pk)
    assert model.state == "candidate", model.error
    assert [len(vector) for vector in vectors_of(ada)] == [4]
    act(world, bob, "north")

    with django_capture_on_commit_callbacks(execute=True):
        promote_model(model.pk)

    assert sent == [(world.catalog.pk,)]
    assert tasks.refresh_stale_profile_vectors(world.catalog.pk) == 1
    assert [len(vector) for vector in vectors_of(bob)] == [4]


def test_a_fresh_vector_costs_no_statement_more() -> None:
    world = make_world(*PLACES)
    model = publish(world, {"east": "north"})
    profile = make_profile(world)
    act(world, profile, "east")
    refresh_stale_profile_vectors()

    with CaptureQueriesContext(connection) as captured:
        read_best(world, model, profile, now=datetime(2030, 1, 1, tzinfo=UTC))

    assert len(captured) == 1
