"""A shop whose people rate, with a trained and promoted model of their ratings."""

from __future__ import annotations

from typing import Any

from profiles.models import Profile
from recommender.models import TrainedModel
from recommender.services.promotion import promote_model
from recommender.services.training import start_training, train_model
from tests.recommender.worlds import World, act, make_profile, make_world

KEYS = ("sad/1", "sad/2", "sad/3", "gay/1", "gay/2", "gay/3", "good", "bad")
QUICK = {"rank": 2, "sweeps": 60, "draws": 10}


def open_shop() -> tuple[World, dict[str, Profile]]:
    """Return a shop in which each of two parties likes its own; all agree on the good and the bad.

    ``gay-0`` and ``sad-0`` have not rated the last item of either party.
    """
    world = make_world(*KEYS)
    people = {}
    for number in range(8):
        for party in ("gay", "sad"):
            person = people[f"{party}-{number}"] = make_profile(world, f"{party}-{number}")
            for key in KEYS:
                own = key.startswith(party)
                value = {"good": 5.0, "bad": 1.0}.get(key, 5.0 if own else 1.0)
                if number or not key.endswith("/3"):
                    act(world, person, key, kind="rating", value=value)
    return world, people


def train_ratings(world: World, **options: Any) -> TrainedModel:
    """Train rating_factors on what has happened, and make it active."""
    run = start_training(world.catalog.pk, learner="rating_factors", options={**QUICK, **options})
    model = train_model(run.pk)
    assert model.state == "candidate", model.error
    promote_model(model.pk)
    model.refresh_from_db()
    return model
