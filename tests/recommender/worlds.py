"""Small worlds with a known answer, written straight into the tables."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from catalog.models import Catalog, Embedding, EmbeddingSpace, Item
from profiles.models import Interaction, Profile
from recommender.models import ItemNeighbours, ItemScore, Placement, PlacementStrategy, Shortlist, TrainedModel
from recommender.records import HistoryReading

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """A catalog with its items by key."""

    catalog: Catalog
    items: Mapping[str, Item]

    def ids(self, *keys: str) -> list[int]:
        return [self.items[key].pk for key in keys]

    def keys(self, ids: Sequence[int]) -> list[str]:
        by_id = {item.pk: key for key, item in self.items.items()}
        return [by_id[int(item_id)] for item_id in ids]


def make_world(*keys: str, catalog: str = "shop", **fields: object) -> World:
    """A catalog with one visible item a key; the first key is the newest."""
    tenant, _ = Catalog.objects.get_or_create(key=catalog, defaults={"name": catalog})
    items = Item.objects.bulk_create(
        Item(
            catalog=tenant,
            key=key,
            title=f"Title of {key}",
            published_at=NOW - timedelta(days=day + 1),
            content_digest=uuid.uuid4(),
            **fields,
        )
        for day, key in enumerate(keys)
    )
    return World(tenant, {item.key: item for item in items})


def place_items(world: World, vectors: Mapping[str, Sequence[float]], *, metric: str = "cosine") -> EmbeddingSpace:
    """An active text space with these vectors."""
    width = len(next(iter(vectors.values())))
    space = EmbeddingSpace.objects.create(
        catalog=world.catalog, encoder="hashing", dimensions=width, metric=metric, state="active"
    )
    Embedding.objects.bulk_create(
        Embedding(
            space=space,
            item=world.items[key],
            vector=list(vector),
            content_digest=world.items[key].content_digest,
        )
        for key, vector in vectors.items()
    )
    return space


def publish_scores(world: World, learner: str, scores: Mapping[str, float]) -> TrainedModel:
    """An active model of the scores shape."""
    model = TrainedModel.objects.create(catalog=world.catalog, learner=learner, shape="scores", state="active")
    ItemScore.objects.bulk_create(
        ItemScore(model=model, item=world.items[key], score=score) for key, score in scores.items()
    )
    return model


def publish_neighbours(world: World, learner: str, rows: Mapping[str, Mapping[str, float]]) -> TrainedModel:
    """An active model of the neighbours shape."""
    model = TrainedModel.objects.create(catalog=world.catalog, learner=learner, shape="neighbours", state="active")
    ItemNeighbours.objects.bulk_create(
        ItemNeighbours(model=model, item=world.items[key], neighbour_ids=world.ids(*row), weights=list(row.values()))
        for key, row in rows.items()
    )
    return model


def publish_banks(
    world: World, learner: str, readings: Sequence[HistoryReading], *banks: Mapping[str, Mapping[str, float]]
) -> TrainedModel:
    """An active model of the neighbours shape with a bank of rows for each reading."""
    model = TrainedModel.objects.create(
        catalog=world.catalog,
        learner=learner,
        shape="neighbours",
        state="active",
        readings=[asdict(reading) for reading in readings],
    )
    ItemNeighbours.objects.bulk_create(
        ItemNeighbours(
            model=model,
            item=world.items[key],
            bank=bank,
            neighbour_ids=world.ids(*row),
            weights=list(row.values()),
        )
        for bank, rows in enumerate(banks)
        for key, row in rows.items()
    )
    return model


def publish_shortlist(world: World, learner: str, profile: Profile, scores: Mapping[str, float]) -> TrainedModel:
    """An active model of the shortlists shape."""
    model = TrainedModel.objects.create(catalog=world.catalog, learner=learner, shape="shortlists", state="active")
    Shortlist.objects.create(model=model, profile=profile, item_ids=world.ids(*scores), scores=list(scores.values()))
    return model


def make_profile(world: World, key: str = "ada") -> Profile:
    """A profile without a history."""
    return Profile.objects.create(catalog=world.catalog, key=key)


def act(
    world: World, profile: Profile, item: str, *, kind: str = "like", days_ago: float = 1.0, value: float | None = None
) -> Interaction:
    """One interaction of the profile."""
    return Interaction.objects.create(
        catalog=world.catalog,
        profile=profile,
        item=world.items[item],
        kind=kind,
        value=value,
        occurred_at=NOW - timedelta(days=days_ago),
    )


def make_placement(world: World, *strategies: tuple[str, str, float], key: str = "home", **fields: object) -> Placement:
    """A placement with (reader, source, weight) strategies; no diversity unless asked."""
    placement = Placement.objects.create(
        catalog=world.catalog, key=key, name=key, **{"diversity": 0.0, "size": 5, **fields}
    )
    PlacementStrategy.objects.bulk_create(
        PlacementStrategy(placement=placement, reader=reader, source=source, weight=weight, position=place)
        for place, (reader, source, weight) in enumerate(strategies)
    )
    return placement
