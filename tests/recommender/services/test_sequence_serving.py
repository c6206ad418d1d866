"""The sequence network through Postgres: trained, promoted, read by SQL, and its queries kept up by the worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from django.utils import timezone

from catalog.models import Item
from profiles.models import Interaction
from recommender.models import ModelArrays, ProfileVector, TrainedModel
from recommender.readers.candidates import read_candidates
from recommender.records import Plan, Query, SpaceRef, StrategyPlan
from recommender.services.profile_refresh import refresh_profile_vectors
from recommender.services.promotion import promote_model
from recommender.services.training import start_training, train_model
from tests.recommender.chain_world import ITEMS, PROFILES, STEPS, make_ring
from tests.recommender.logs import record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def read_best(model: TrainedModel, profile_id: int) -> int:
    """Return the item that history match in the model's space proposes first."""
    assert model.space is not None
    assert model.space.dimensions is not None
    space = SpaceRef(model.space.pk, model.space.dimensions, model.space.metric)
    plan = Plan(model.catalog_id, (StrategyPlan("history_match", "history_match", 1.0, space=space),))
    query = Query(model.catalog_id, now=timezone.now(), size=5, profile_id=profile_id)
    return int(read_candidates(plan, query, limit=5).lists[0].item_ids[0])


@pytest.mark.slow
def test_people_are_told_the_next_item_and_after_another_step_the_one_after_that() -> None:
    catalog = make_ring()
    options = {"width": 32, "epochs": 60, "dropout": 0.0}
    model = train_model(start_training(catalog.pk, learner="sequence_network", options=options).pk)
    assert model.state == TrainedModel.State.CANDIDATE, model.error
    model = promote_model(model.pk)
    assert model.space is not None
    assert model.space.dimensions == 33
    assert ProfileVector.objects.filter(space=model.space).count() == PROFILES
    assert ModelArrays.objects.filter(model=model).values_list("name", flat=True).get() == "publication"
    ring = list(Item.objects.filter(catalog=catalog).order_by("pk").values_list("pk", flat=True))
    last = Interaction.objects.filter(catalog=catalog).order_by("occurred_at").last()
    assert last is not None
    place = ring.index(last.item_id)
    assert place == (PROFILES - 1 + STEPS - 1) % ITEMS
    assert read_best(model, last.profile_id) == ring[(place + 1) % ITEMS]

    record(last.profile, Item.objects.get(pk=ring[(place + 1) % ITEMS]), at=STEPS * PROFILES)
    assert refresh_profile_vectors(catalog.pk, [last.profile_id]) == 1
    assert read_best(model, last.profile_id) == ring[(place + 2) % ITEMS]
