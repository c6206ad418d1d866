"""Ratings predicted by one statement over the active model."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.models import Profile
from recommender.models import ProfileVector, TrainedModel
from recommender.readers.candidates import read_candidates
from recommender.records import Query
from recommender.selectors import load_plan
from recommender.services.predictions import NoRatingModelError, predict_ratings
from recommender.services.profile_refresh import refresh_profile_vectors
from recommender.services.recommendations import recommend
from tests.recommender.rating_shop import KEYS, open_shop, train_ratings
from tests.recommender.worlds import NOW, World, act, make_placement, make_profile, make_world

pytestmark = pytest.mark.django_db


def predict(world: World, profile: Profile | None, *keys: str) -> dict[str, float]:
    found = predict_ratings(world.catalog.pk, profile_id=profile and profile.pk, item_ids=world.ids(*(keys or KEYS)))
    return dict(zip(world.keys(list(found)), found.values(), strict=True))


def test_people_are_predicted_to_like_what_their_party_likes() -> None:
    world, people = open_shop()
    train_ratings(world)

    gay, sad = (predict(world, people[name], "gay/3", "sad/3", "good") for name in ("gay-0", "sad-0"))

    assert gay["gay/3"] > 4.0 > 2.0 > gay["sad/3"]
    assert sad["sad/3"] > 4.0 > 2.0 > sad["gay/3"]
    assert min(gay["good"], sad["good"]) > 4.0


def test_a_stranger_gets_what_people_say_on_average() -> None:
    world, _ = open_shop()
    train_ratings(world)
    stranger = make_profile(world, "stranger")

    for nobody in (None, stranger):
        found = predict(world, nobody)
        assert found["good"] > 4.0 > found["gay/1"] > 2.0 > found["bad"]
        assert found["gay/1"] == pytest.approx(3.0, abs=0.3)


def test_predictions_stay_within_the_scale() -> None:
    world, people = open_shop()
    train_ratings(world)
    found = [rating for person in people.values() for rating in predict(world, person).values()]
    assert len(found) == 16 * 8
    assert min(found) == 1.0
    assert max(found) == 5.0


def test_it_takes_one_statement_however_many_items_there_are() -> None:
    world, people = open_shop()
    train_ratings(world)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        predict(world, people["gay-0"])
    assert len(queries) == 1


def test_a_new_rating_counts_once_the_vector_is_refreshed_and_the_old_one_serves_until_then() -> None:
    world, _ = open_shop()
    train_ratings(world)
    newcomer = make_profile(world, "new")
    act(world, newcomer, "gay/1", kind="rating", value=5.0)
    act(world, newcomer, "sad/1", kind="rating", value=1.0)
    assert refresh_profile_vectors(world.catalog.pk, [newcomer.pk]) == 1
    before = predict(world, newcomer, "gay/3", "sad/3")
    assert before["gay/3"] > before["sad/3"] + 1.0

    act(world, newcomer, "sad/2", kind="rating", value=5.0)
    act(world, newcomer, "gay/2", kind="rating", value=1.0)
    assert predict(world, newcomer, "gay/3", "sad/3") == before
    assert refresh_profile_vectors(world.catalog.pk, [newcomer.pk]) == 1
    after = predict(world, newcomer, "gay/3", "sad/3")
    assert after["gay/3"] - after["sad/3"] < before["gay/3"] - before["sad/3"]


def test_items_that_came_later_are_left_out() -> None:
    world, people = open_shop()
    train_ratings(world)
    late = make_world("late")
    found = predict_ratings(
        world.catalog.pk, profile_id=people["gay-0"].pk, item_ids=[*late.ids("late"), *world.ids("good"), 2**40]
    )
    assert list(found) == world.ids("good")
    assert predict_ratings(world.catalog.pk, profile_id=None, item_ids=[]) == {}


@pytest.mark.parametrize("state", ["candidate", "retired"])
def test_without_an_active_model_there_is_none(state: str) -> None:
    world, _ = open_shop()
    model = train_ratings(world)
    other = make_world("a", catalog="other")
    TrainedModel.objects.filter(pk=model.pk).update(state=state)
    for catalog in (world.catalog, other.catalog):
        with pytest.raises(NoRatingModelError, match="no active model of rating_factors"):
            predict_ratings(catalog.pk, profile_id=None, item_ids=world.ids("good"))


def test_a_model_of_no_ratings_predicts_none() -> None:
    world = make_world("a")
    act(world, make_profile(world), "a", kind="view")
    model = train_ratings(world)
    assert model.metrics["rows"] == 0
    with pytest.raises(NoRatingModelError):
        predict_ratings(world.catalog.pk, profile_id=None, item_ids=world.ids("a"))


def test_another_catalogs_items_and_people_are_out_of_reach() -> None:
    world, people = open_shop()
    train_ratings(world)
    other = make_world("x", catalog="other")
    act(other, make_profile(other, "o"), "x", kind="rating", value=2.0)
    train_ratings(other)
    assert predict_ratings(other.catalog.pk, profile_id=people["gay-0"].pk, item_ids=world.ids("good")) == {}


def test_as_a_strategy_history_match_ranks_by_predicted_rating() -> None:
    world, people = open_shop()
    train_ratings(world)
    make_placement(world, ("history_match", "rating_factors", 1.0))
    person = people["gay-0"]
    assert ProfileVector.objects.filter(profile=person).count() == 1

    plan = load_plan(world.catalog.pk, "home")
    query = Query(world.catalog.pk, now=NOW, size=5, profile_id=person.pk)
    found = read_candidates(plan, query, limit=10).lists[0]

    assert world.keys(found.item_ids.tolist()) == ["gay/3", "sad/3"]
    predicted = predict(world, person, "gay/3", "sad/3")
    assert found.scores.clip(1.0, 5.0).tolist() == pytest.approx([predicted["gay/3"], predicted["sad/3"]], abs=1e-6)
    slate = recommend(world.catalog.pk, placement="home", user_id="gay-0")
    assert [entry.key for entry in slate.entries] == ["gay/3", "sad/3"]
    assert slate.entries[0].sources == ("history_match_rating_factors",)
