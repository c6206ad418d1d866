"""Publishing while others delete and write items: nobody waits for a training, and none fails on a foreign key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
from django.db import connection

from recommender.learners import Scores
from recommender.models import ItemScore
from recommender.services.publishing import publish_model
from recommender.services.training import start_training
from tests.recommender.logs import make_catalog, make_items

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other_session() -> Iterator[psycopg.Connection[Any]]:
    known = ("dbname", "user", "host", "port", "password")
    params = {name: value for name, value in connection.get_connection_params().items() if name in known}
    with psycopg.connect(**params) as session:
        yield session
        session.rollback()


def test_an_item_that_is_being_deleted_is_left_out_without_waiting(other_session: psycopg.Connection[Any]) -> None:
    catalog = make_catalog()
    kept, going = make_items(catalog, 2)
    model = start_training(catalog.pk, learner="popular")
    other_session.execute("DELETE FROM catalog_item WHERE id = %s", [going.pk])
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
    try:
        rows = publish_model(model, Scores(np.array([kept.pk, going.pk]), np.ones(2)), metrics={})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    other_session.commit()
    assert rows == 1
    assert list(ItemScore.objects.values_list("item_id", flat=True)) == [kept.pk]


def test_an_item_that_is_being_edited_is_published(other_session: psycopg.Connection[Any]) -> None:
    catalog = make_catalog()
    (item,) = make_items(catalog, 1)
    model = start_training(catalog.pk, learner="popular")
    other_session.execute("UPDATE catalog_item SET title = 'new', hidden = true WHERE id = %s", [item.pk])
    rows = publish_model(model, Scores(np.array([item.pk]), np.ones(1)), metrics={})
    assert rows == 1
    other_session.commit()
    assert ItemScore.objects.get().item_id == item.pk
