"""What friends like, from arrays: voices, moments, dislikes, strangers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from recommender.evaluation.friend_voices import FriendVoices
from recommender.training.loading import load_dataset
from tests.recommender.worlds import NOW, World, act, make_profile, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world("a", "b", "c")


def hear(world: World, *, now: float = 0.0) -> dict[str, float]:
    """What ada hears from bob and eve, ``now`` days after NOW, by item; whole days old likes have faded little."""
    ada, bob, eve = (world.catalog.profile_set.get(key=key).pk for key in ("ada", "bob", "eve"))
    voices = FriendVoices(load_dataset(world.catalog.pk, until=NOW), {ada: [bob, eve, 10**9]})
    scores = voices.score(ada, now=(NOW + timedelta(days=now)).timestamp())
    return {key: float(score) for key, score in zip("abc", scores, strict=True) if not np.isnan(score)}


def test_a_friend_is_one_voice_however_often_it_comes_back(world: World) -> None:
    _, bob, eve = (make_profile(world, key) for key in ("ada", "bob", "eve"))
    for _ in range(5):
        act(world, bob, "a", days_ago=0)
    act(world, eve, "a", days_ago=0)
    act(world, eve, "b", days_ago=180)
    assert hear(world) == {"a": pytest.approx(2.0), "b": pytest.approx(0.5)}


def test_what_comes_later_is_not_heard(world: World) -> None:
    _, bob, eve = (make_profile(world, key) for key in ("ada", "bob", "eve"))
    act(world, bob, "a", days_ago=10)
    act(world, eve, "b", days_ago=2)
    assert hear(world, now=-5).keys() == {"a"}
    assert hear(world, now=-20) == {}


def test_a_dislike_takes_a_voice_away(world: World) -> None:
    _, bob, eve = (make_profile(world, key) for key in ("ada", "bob", "eve"))
    act(world, bob, "a", days_ago=0)
    act(world, bob, "a", kind="dislike", days_ago=0)
    act(world, eve, "b", kind="dislike", days_ago=0)
    assert hear(world) == {}


def test_the_latest_friends_and_steps_alone_are_heard(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    _, bob, eve = (make_profile(world, key) for key in ("ada", "bob", "eve"))
    act(world, bob, "a", days_ago=9)
    act(world, bob, "b", days_ago=1)
    act(world, eve, "c", days_ago=1)
    settings.RECSITE_HISTORY_LENGTH = 1
    assert hear(world).keys() == {"b", "c"}
    monkeypatch.setattr("recommender.evaluation.friend_voices.MOST_FRIENDS", 1)
    assert hear(world).keys() == {"b"}


def test_who_has_no_friends_hears_nothing(world: World) -> None:
    act(world, make_profile(world, "bob"), "a")
    voices = FriendVoices(load_dataset(world.catalog.pk), {})
    assert np.isnan(voices.score(5, now=NOW.timestamp())).all()
