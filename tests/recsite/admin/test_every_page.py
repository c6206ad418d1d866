"""Every admin page answers, and costs what it should on a table of thousands of rows."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.admin.model_admin import ModelAdmin
from catalog.models import ApiKey, Catalog, Embedding, EmbeddingSpace, Item
from profiles.models import Interaction, Profile
from recommender.models import Recommendation, TrainedModel
from recommender.services.placements import create_first_placements

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
MANY = 3000
UNBOUNDED = re.compile(r'FROM "(catalog_item|profiles_profile|profiles_interaction|recommender_recommendation)"')


def page_name(model: Any, kind: str) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}"


@pytest.fixture
def big_shop(db: None) -> Catalog:
    """Three thousand items, as many people, interactions, slates and failures."""
    shop = Catalog.objects.create(key="shop", name="Shop")
    now = timezone.now()
    items = Item.objects.bulk_create(
        Item(catalog=shop, key=f"i{n}", title=f"Item {n}", text="long " * 50, content_digest=uuid.uuid4())
        for n in range(MANY)
    )
    people = Profile.objects.bulk_create(Profile(catalog=shop, key=f"p{n}") for n in range(MANY))
    Interaction.objects.bulk_create(
        Interaction(catalog=shop, profile=person, item=item, kind="like", occurred_at=now - timedelta(hours=2))
        for person, item in zip(people, items, strict=True)
    )
    create_first_placements(shop.pk)
    Recommendation.objects.bulk_create(
        Recommendation(
            catalog=shop,
            profile=person,
            requested=2,
            item_ids=[items[0].pk, items[1].pk],
            scores=[2, 1],
            sources=["popular", "text"],
        )
        for person in people
    )
    space = EmbeddingSpace.objects.create(catalog=shop, encoder="hashing", dimensions=3, state="active")
    Embedding.objects.bulk_create(
        Embedding(space=space, item=item, failed_digest=item.content_digest, error="bad")
        if place % 10 == 0
        else Embedding(space=space, item=item, vector=[1, place, 2], content_digest=item.content_digest)
        for place, item in enumerate(items)
    )
    TrainedModel.objects.create(catalog=shop, learner="popular", shape="scores", state="active", promoted_at=now)
    ApiKey.objects.create(catalog=shop, name="key", scope="ingest", prefix="p", secret_hash="0" * 64)
    return shop


@pytest.fixture
def statements(editor: Client) -> Iterator[Callable[[str], list[str]]]:
    """Ask for a page and tell the statements that it cost; those of the session and the user are left out."""

    def ask(url: str) -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            response = editor.get(url)
        assert response.status_code == 200, url
        return [query["sql"] for query in captured if not re.search(r"django_session|auth_user", query["sql"])]

    return ask


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_admin_class_is_one_of_ours(model: Any):
    assert isinstance(admin.site._registry[model], ModelAdmin)


def test_a_list_costs_few_statements_and_reads_no_whole_table(
    big_shop: Catalog, statements: Callable[[str], list[str]]
):
    for model in MODELS:
        asked = statements(reverse(page_name(model, "changelist")))
        assert len(asked) <= 8, model
        for sql in asked:
            assert not UNBOUNDED.search(sql) or "LIMIT" in sql or " IN (" in sql, sql


@pytest.mark.parametrize("model", [Item, Profile, Interaction, Recommendation, Embedding], ids=lambda m: m._meta.label)
def test_a_list_costs_the_same_whatever_it_holds(model: Any, big_shop: Catalog, statements: Callable[[str], list[str]]):
    url = reverse(page_name(model, "changelist"))
    many = len(statements(url))
    keep = list(model.objects.order_by("-pk").values_list("pk", flat=True)[:2])
    model.objects.exclude(pk__in=keep).delete()
    assert len(statements(url)) == many


def test_a_page_of_one_row_costs_few_statements(big_shop: Catalog, statements: Callable[[str], list[str]]):
    for model in (Item, Profile, Interaction, Recommendation, EmbeddingSpace, TrainedModel, ApiKey):
        rows: Any = model.objects
        row = rows.order_by("-pk").first()
        asked = statements(reverse(page_name(model, "change"), args=[row.pk]))
        assert len(asked) <= 14, model
        for sql in asked:
            narrow = ("LIMIT", " IN (", '"id" = ', '"catalog_id" = ', "COUNT(*) FILTER")
            assert not UNBOUNDED.search(sql) or any(part in sql for part in narrow), sql


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_form_for_a_new_row_is_shown_where_rows_are_added(model: Any, editor: Client, db: None):
    response = editor.get(reverse(page_name(model, "add")))
    allowed = admin.site._registry[model].has_add_permission(response.wsgi_request)
    assert response.status_code == (200 if allowed else 403)


def test_the_count_stops_at_a_limit(big_shop: Catalog, editor: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("catalog.admin.paging.COUNT_LIMIT", 100)
    page = editor.get(reverse(page_name(Item, "changelist")) + "?kind=item").content.decode()
    assert "the first 100 of more" in page
    page = editor.get(reverse(page_name(Item, "changelist")) + "?kind=none").content.decode()
    assert "0 rows" in page


def test_the_list_of_items_leaves_texts_in_the_database(big_shop: Catalog, statements: Callable[[str], list[str]]):
    rows = [sql for sql in statements(reverse(page_name(Item, "changelist"))) if '"catalog_item"."title"' in sql]
    assert len(rows) == 1
    assert '"catalog_item"."text"' not in rows[0]


def test_the_dashboard_is_cheap_and_tells_the_truth(
    big_shop: Catalog, editor: Client, statements: Callable[[str], list[str]]
):
    asked = statements(reverse("admin:index"))
    assert len(asked) <= 14
    page = editor.get(reverse("admin:index")).content.decode()
    figures = dict(re.findall(r"<span>([^<]+)</span><strong>([^<]+)</strong>", page))
    assert figures == {
        "Items": "3,000",
        "Profiles": "3,000",
        "Interactions in the last day": "3,000",
        "Recommendations in the last day": "3,000",
    }
    assert "Failed encodings: 300" in page
    assert '<progress max="100" value="90.0">' in page


def test_strangers_are_sent_to_the_login(client: Client, db: None):
    for model in MODELS:
        response = client.get(reverse(page_name(model, "changelist")))
        assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("admin:login"))
