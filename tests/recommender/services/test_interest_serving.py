"""The interest network from training on texts in Postgres to lists by history match."""

from __future__ import annotations

import pytest

from recommender.learners import learners
from recommender.models import ProfileVector
from recommender.readers.candidates import read_candidates
from recommender.records import Query
from recommender.selectors import load_plan
from recommender.services.profile_refresh import refresh_profile_vectors
from recommender.services.promotion import promote_model
from recommender.services.training import start_training, train_model
from tests.recommender.rating_shop import KEYS, open_shop
from tests.recommender.worlds import NOW, World, act, make_placement, make_profile, place_items

pytestmark = pytest.mark.django_db

OPTIONS = {"width": 3, "factors": 2, "hidden": 16, "epochs": 80, "batch": 32, "rate": 0.02}


@pytest.fixture
def world() -> World:
    """A shop whose items say which party they please; an active interest network has learned it."""
    world, _ = open_shop()
    places = {"sad": [1.0, 0.1, 0.0], "gay": [0.0, 0.1, 1.0], "good": [0.0, 1.0, 0.2], "bad": [0.2, 1.0, 0.0]}
    place_items(world, {key: places[key.partition("/")[0]] for key in KEYS})
    model = train_model(start_training(world.catalog.pk, learner="interest_network", options=OPTIONS).pk)
    assert model.state == "candidate", model.error
    promote_model(model.pk)
    make_placement(world, ("history_match", "interest_network", 1.0))
    return world


def read_list(world: World, profile_id: int) -> list[str]:
    query = Query(world.catalog.pk, now=NOW, size=8, profile_id=profile_id)
    return world.keys(read_candidates(load_plan(world.catalog.pk, "home"), query, limit=8).lists[0].item_ids.tolist())


def test_people_are_shown_what_reads_like_what_they_rate_high(world: World) -> None:
    known = ProfileVector.objects.filter(profile__key__in=["gay-0", "sad-0"]).select_related("profile")
    assert {row.profile.key: read_list(world, row.profile_id)[0] for row in known} == {
        "gay-0": "gay/3",
        "sad-0": "sad/3",
    }


def test_somebody_new_is_encoded_by_a_worker(world: World) -> None:
    newcomer = make_profile(world, "new")
    for key, value in (("gay/1", 5.0), ("sad/1", 1.0), ("bad", 1.0), ("good", 5.0)):
        act(world, newcomer, key, kind="rating", value=value)
    assert refresh_profile_vectors(world.catalog.pk, [newcomer.pk]) == 1
    assert set(read_list(world, newcomer.pk)[:2]) == {"gay/2", "gay/3"}


def test_it_is_trained_on_content_and_says_that_it_predicts_ratings() -> None:
    component = learners.get("interest_network")
    assert component.wants_content  # type: ignore[attr-defined]
    assert component.predicts_ratings  # type: ignore[attr-defined]
