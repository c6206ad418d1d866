"""A world of odd histories in Postgres, and publications of every shape, live for SQL and at hand as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.models import Item
from profiles.models import Friendship, Profile
from recommender.evaluation.array_readers import ArrayReaders, ArraySource
from recommender.evaluation.friend_voices import FriendVoices
from recommender.evaluation.offline_plans import find_source
from recommender.learners import Neighbours, Publication, Scores, Shortlists, Vectors, learners
from recommender.learners.fits import build_learner, fit_learner
from recommender.models import Placement, TrainedModel
from recommender.records import HistoryReading, Plan
from recommender.selectors import load_plan
from recommender.services.offline_items import mark_filtered, read_friends, read_published
from recommender.services.offline_sources import read_content
from recommender.services.promotion import promote_model
from recommender.services.publishing import publish_model
from recommender.training.dataset import InteractionDataset
from recommender.training.loading import load_dataset
from tests.recommender.worlds import NOW, World, act, make_placement, make_profile, make_world, place_items

ITEMS = 48
WITHOUT_VECTOR = range(40, 48)
WIDTH = 12
KINDS = ("view", "click", "like", "rating", "purchase", "dislike", "dismiss", "odd_kind")
READINGS = (HistoryReading(1.5, 20), HistoryReading(0.0, 3))
TRAINED = ("popular", "trending", "newest", "co_visitation", "item_knn", "ease", "rp3beta", "user_knn")


class Compass:
    """Knows people by the mean of what they met, the newest counting double; of nobody without a history."""

    def encode_profiles(self, arrays: Mapping[str, NDArray[Any]], dataset: InteractionDataset) -> NDArray[np.float32]:
        known = dict(zip(arrays["item_ids"].tolist(), arrays["matrix"], strict=True))
        encoded = np.zeros((len(dataset.profile_ids), arrays["matrix"].shape[1]), dtype=np.float32)
        offsets = dataset.profile_offsets
        for profile in range(0, len(encoded), 2):  # of every other person it knows nothing
            met = dataset.items[offsets[profile] : offsets[profile + 1]]
            rows = [known[item_id] for item_id in dataset.item_ids[met].tolist() if item_id in known]
            if rows:
                encoded[profile] = (np.sum(rows, axis=0) + rows[-1]) / len(rows)
        return encoded


@dataclass(frozen=True)
class ParityWorld:
    """The world, its people by what is odd about them, its placement, and both ways of reading it."""

    world: World
    people: Mapping[str, Profile]
    placement: Placement
    dataset: InteractionDataset
    sources: Mapping[str, ArraySource]

    def load_plan(self) -> Plan:
        return load_plan(self.world.catalog.pk, self.placement.key)

    def make_readers(self, plan: Plan, **named: Any) -> ArrayReaders:
        """The array readers of what is live."""
        models = {
            model.pk: self.sources[model.learner]
            for model in TrainedModel.objects.filter(state="active").exclude(shape="vectors")
        }
        spaces = {
            strategy.space.id: self.sources[find_source(strategy)]
            for strategy in plan.strategies
            if strategy.space is not None
        }
        catalog_id, item_ids = self.world.catalog.pk, self.dataset.item_ids
        return ArrayReaders(
            self.dataset,
            models=models,
            spaces=spaces,
            times=np.full(len(self.dataset.profile_ids), NOW.timestamp()),
            published=read_published(catalog_id, item_ids),
            candidates=mark_filtered(catalog_id, item_ids, plan.filters),
            **{"friends": FriendVoices(self.dataset, read_friends(catalog_id)), **named},
        )


def make_parity_world() -> ParityWorld:
    """Build it; the same numbers each time."""
    world = make_world(*(f"i{number}" for number in range(ITEMS)))
    Item.objects.filter(pk__in=world.ids("i0", "i1")).update(published_at=NOW + timedelta(days=1))
    Item.objects.filter(pk__in=world.ids("i2", "i3")).update(published_at=None)
    Item.objects.filter(pk__in=world.ids(*(f"i{n}" for n in range(0, ITEMS, 3)))).update(kind="third")
    dice = np.random.default_rng(5)
    vectors = dice.normal(size=(ITEMS, WIDTH))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    place_items(world, {f"i{n}": vectors[n].tolist() for n in range(ITEMS) if n not in WITHOUT_VECTOR})
    people = _make_people(world, dice)
    dataset = load_dataset(world.catalog.pk, until=NOW, with_content=True)
    sources = {key: _train(key, dataset) for key in TRAINED} | _invent(dataset, dice)
    for key, source in sources.items():
        publish(world, key, source.publication)
    placement = make_placement(
        world,
        ("history_match", "text", 1.0),
        ("similar_items", "text", 1.0),
        ("history_match", "compass", 0.7),
        ("history_match", "tower", 0.9),
        *(("scores", key, 0.3) for key in ("popular", "trending", "newest")),
        *(("neighbours", key, 0.8) for key in ("co_visitation", "item_knn", "ease", "rp3beta", "user_knn", "banks")),
        ("shortlist", "ready", 0.5),
        ("neighbours", "unpublished", 1.0),
        ("friends", "friends", 0.6),
        size=10,
        diversity=0.3,
    )
    content = read_content(dataset, load_plan(world.catalog.pk, placement.key))
    return ParityWorld(world, people, placement, dataset, {**sources, **content})


def publish(world: World, key: str, publication: Publication) -> None:
    """Write a publication as a worker does, and put it live."""
    shapes = {Scores: "scores", Neighbours: "neighbours", Vectors: "vectors", Shortlists: "shortlists"}
    model = TrainedModel.objects.create(
        catalog=world.catalog, learner=key, shape=shapes[type(publication)], trained_until=NOW
    )
    publish_model(model, publication, metrics={})
    promote_model(model.pk)


def _train(key: str, dataset: InteractionDataset) -> ArraySource:
    assert key in learners
    learner = build_learner(key, {})
    return ArraySource(fit_learner(learner, dataset, progress=lambda _: None), learner)


def _make_people(world: World, dice: np.random.Generator) -> dict[str, Profile]:
    people = {}
    for number in range(30):
        profile = people[f"p{number}"] = make_profile(world, f"p{number}")
        for _ in range(int(dice.integers(1, 15))):
            kind = str(dice.choice(KINDS))
            value = float(dice.integers(0, 11)) / 2 if kind == "rating" and dice.random() < 0.8 else None
            item = f"i{int(ITEMS * dice.random() ** 2)}"
            act(world, profile, item, kind=kind, value=value, days_ago=float(dice.uniform(0, 900)))
        if number % 3 == 0:  # a trend
            act(world, profile, "i15", kind="view", days_ago=number / 20)
    for name in ("nobody", "hater", "repeater", "ancient", "long", "tied", "blind"):
        people[name] = make_profile(world, name)
    act(world, people["hater"], "i5", kind="dislike")
    act(world, people["hater"], "i9", kind="dismiss", days_ago=3)
    for day in range(8):
        act(world, people["repeater"], f"i{4 + day % 2}", days_ago=day // 2)
    act(world, people["ancient"], "i12", kind="view", days_ago=1000)
    act(world, people["ancient"], "i13", kind="purchase", days_ago=1001)
    for day in range(70):
        act(world, people["long"], f"i{4 + day % 9}", kind=KINDS[day % len(KINDS)], days_ago=day)
    for item in ("i20", "i21", "i22", "i23"):
        act(world, people["tied"], item, days_ago=2)
    act(world, people["blind"], "i41")
    known = sorted(people.values(), key=lambda profile: profile.pk)
    pairs = [(known[n], known[n + step]) for n in range(0, len(known) - 7, 2) for step in (1, 4, 7)]
    for first, second in [*pairs, (people["nobody"], people["long"])]:
        Friendship.objects.create(catalog=world.catalog, first=first, second=second)
    return people


def _invent(dataset: InteractionDataset, dice: np.random.Generator) -> dict[str, ArraySource]:
    """Publications of shapes and metrics that no built-in learner has today, or of which one alone would not tell."""
    ids = dataset.item_ids
    compass = dice.normal(size=(40, 6)).astype(np.float32)
    arrays = {"item_ids": ids[:40], "matrix": compass}
    encoded = Compass().encode_profiles(arrays, dataset)
    known = encoded.any(axis=1)
    mine = dataset.profile_ids[::3]
    lists = [dice.permutation(len(ids))[:9] for _ in mine]
    owners = np.repeat(ids[:30], 2)
    neighbours = np.concatenate([ids[dice.permutation(len(ids))[:7]] for _ in owners])
    weights = np.concatenate([np.sort(np.round(dice.normal(size=7), 3))[::-1] for _ in owners])
    return {
        "compass": ArraySource(
            Vectors(
                ids[:40], compass, "inner_product", arrays=arrays,
                profile_ids=dataset.profile_ids[known], profile_matrix=encoded[known],
            ),
            Compass(),  # type: ignore[arg-type]
        ),
        "tower": ArraySource(Vectors(ids[4:], dice.normal(size=(len(ids) - 4, 5)).astype(np.float32) * 3, "cosine")),
        "banks": ArraySource(
            Neighbours(
                owners, np.arange(len(owners) + 1) * 7, neighbours, weights,
                banks=np.tile(np.array([0, 1], np.int16), 30), readings=READINGS,
            )
        ),
        "ready": ArraySource(
            Shortlists(
                mine, np.arange(len(mine) + 1) * 9, ids[np.concatenate(lists)],
                np.tile(np.arange(9.0, 0.0, -1), len(mine)),
            )
        ),
    }  # fmt: skip
