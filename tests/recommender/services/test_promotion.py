"""Promoting, rolling back and deleting versions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Catalog, Embedding, EmbeddingSpace
from catalog.vector_index import drop_index, has_index
from recommender.models import ItemScore, TrainedModel
from recommender.services.promotion import PromotionError, promote_model, prune_models, roll_back_model
from recommender.signals import model_promoted
from tests.recommender.logs import make_catalog, make_items

pytestmark = pytest.mark.django_db


def make_version(catalog: Catalog, *, state: str = "candidate", **fields: Any) -> TrainedModel:
    return TrainedModel.objects.create(
        catalog=catalog, learner=fields.pop("learner", "popular"), shape="scores", state=state, **fields
    )


def list_states(*models: TrainedModel) -> list[str]:
    for model in models:
        model.refresh_from_db()
    return [model.state for model in models]


def test_the_new_version_is_active_and_the_old_one_retires() -> None:
    catalog = make_catalog()
    first, second = make_version(catalog), make_version(catalog)
    promote_model(first.pk)
    assert list_states(first, second) == ["active", "candidate"]
    promoted = promote_model(second.pk)
    assert promoted.promoted_at is not None
    assert list_states(first, second) == ["retired", "active"]


def test_other_learners_and_catalogs_are_left_alone() -> None:
    catalog, other = make_catalog(), make_catalog("other")
    mine, trend, theirs = (
        make_version(catalog),
        make_version(catalog, learner="trending"),
        make_version(other),
    )
    for model in (mine, trend, theirs):
        promote_model(model.pk)
    assert list_states(mine, trend, theirs) == ["active", "active", "active"]


def test_it_is_announced_after_the_commit(
    django_capture_on_commit_callbacks: Any,
) -> None:
    catalog = make_catalog()
    model = make_version(catalog)
    heard: list[dict[str, Any]] = []

    def listen(sender: object, **named: Any) -> None:
        heard.append({name: named[name] for name in ("catalog_id", "learner", "model_id")})

    model_promoted.connect(listen)
    try:
        with django_capture_on_commit_callbacks() as callbacks:
            promote_model(model.pk)
            assert heard == []
        for callback in callbacks:
            callback()
        with django_capture_on_commit_callbacks(execute=True):
            promote_model(model.pk)
    finally:
        model_promoted.disconnect(listen)
    assert heard == [{"catalog_id": catalog.pk, "learner": "popular", "model_id": model.pk}]


@pytest.mark.parametrize("state", ["training", "failed"])
def test_what_has_not_been_trained_is_not_promoted(state: str) -> None:
    model = make_version(make_catalog(), state=state)
    with pytest.raises(PromotionError, match=rf"popular #{model.pk} is {state}"):
        promote_model(model.pk)
    assert list_states(model) == [state]


def test_rolling_back_again_goes_back_further() -> None:
    catalog = make_catalog()
    versions = [make_version(catalog) for _ in range(3)]
    for version in versions:
        promote_model(version.pk)
    assert roll_back_model(catalog.pk, learner="popular") == versions[1]
    assert list_states(*versions) == ["retired", "active", "retired"]
    assert roll_back_model(catalog.pk, learner="popular") == versions[0]
    assert list_states(*versions) == ["active", "retired", "retired"]
    with pytest.raises(PromotionError, match="no earlier version of popular is kept"):
        roll_back_model(catalog.pk, learner="popular")
    promote_model(versions[2].pk)
    assert list_states(*versions) == ["retired", "retired", "active"]


def test_there_is_nothing_to_roll_back_without_an_active_version() -> None:
    catalog = make_catalog()
    make_version(catalog)
    with pytest.raises(PromotionError, match="no version of popular is active"):
        roll_back_model(catalog.pk, learner="popular")


def test_a_vectors_model_takes_its_space_along() -> None:
    catalog = make_catalog()
    versions = []
    for _ in range(2):
        space = EmbeddingSpace.objects.create(catalog=catalog, role="popular", dimensions=3)
        versions.append(make_version(catalog, space=space))
        promote_model(versions[-1].pk)
    text = EmbeddingSpace.objects.create(catalog=catalog, encoder="hashing", dimensions=3, state="active")
    states = EmbeddingSpace.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["retired", "active", "active"]
    roll_back_model(catalog.pk, learner="popular")
    assert list(states.all()) == ["active", "retired", "active"]
    assert text.role == "text"


@pytest.mark.django_db(transaction=True)
def test_an_index_that_a_killed_worker_owes_is_built_first(settings: Any) -> None:
    settings.RECSITE_ENCODING = {"index_from_rows": 1}
    catalog = make_catalog()
    space = EmbeddingSpace.objects.create(catalog=catalog, role="popular", dimensions=2)
    (item,) = make_items(catalog, 1)
    Embedding.objects.create(space=space, item=item, vector=[1.0, 0.0])
    promote_model(make_version(catalog, space=space).pk)
    space.refresh_from_db()
    assert (space.state, has_index(space.pk)) == ("active", True)
    drop_index(space.pk)


def test_a_version_whose_vectors_are_gone_is_neither_promoted_nor_rolled_back_to() -> None:
    catalog = make_catalog()
    old, new = make_version(catalog), make_version(catalog)
    for version in (old, new):
        promote_model(version.pk)
    TrainedModel.objects.filter(pk=old.pk).update(shape="vectors")
    with pytest.raises(PromotionError, match="its embedding space has been deleted"):
        promote_model(old.pk)
    with pytest.raises(PromotionError, match="its embedding space has been deleted"):
        roll_back_model(catalog.pk, learner="popular")
    assert list_states(old, new) == ["retired", "active"]


def test_the_last_retired_and_failed_are_kept_with_the_rest_deleted() -> None:
    catalog = make_catalog()
    (item,) = make_items(catalog, 1)
    now = timezone.now()
    retired = [make_version(catalog, state="retired", promoted_at=now - timedelta(days=day)) for day in range(5)]
    failed = [make_version(catalog, state="failed") for _ in range(7)]
    others = [
        make_version(catalog),
        make_version(catalog, state="active", promoted_at=now),
        make_version(catalog, state="training"),
        make_version(catalog, learner="trending", state="retired"),
    ]
    for model in retired:
        ItemScore.objects.create(model=model, item=item, score=1.0)
    assert prune_models(catalog.pk, learner="popular") == 4
    assert set(TrainedModel.objects.all()) == {*retired[:3], *failed[2:], *others}
    assert set(ItemScore.objects.values_list("model_id", flat=True)) == {model.pk for model in retired[:3]}


def test_the_last_candidates_and_cancelled_runs_are_kept() -> None:
    catalog = make_catalog()
    candidates = [make_version(catalog) for _ in range(5)]
    over = [make_version(catalog, state=state) for state in ("failed", "cancelled") * 3]
    assert prune_models(catalog.pk, learner="popular") == 3
    assert set(TrainedModel.objects.all()) == {*candidates[2:], *over[1:]}


def test_the_space_of_a_deleted_version_goes_too() -> None:
    catalog = make_catalog()
    for day in range(5):
        space = EmbeddingSpace.objects.create(catalog=catalog, role="popular", dimensions=3, state="retired")
        make_version(catalog, state="retired", space=space, promoted_at=timezone.now() - timedelta(days=day))
    assert prune_models(catalog.pk, learner="popular") == 2
    assert EmbeddingSpace.objects.count() == 3
