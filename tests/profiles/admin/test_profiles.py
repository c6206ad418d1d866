"""Profiles in the admin: history, interests, aliases; nothing to write."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from profiles.models import Interaction, Interest, Profile
from tests.editors import read_text
from tests.recommender.worlds import act, make_profile, make_world, place_items


@pytest.fixture
def ada(db: None) -> Profile:
    world = make_world("a", "b")
    ada = make_profile(world)
    act(world, ada, "a", days_ago=3, kind="rating", value=4.5)
    act(world, ada, "b", days_ago=1)
    Interaction.objects.create(
        catalog=world.catalog, profile=ada, kind="search", query_text="red <shoes>", occurred_at="2026-01-01T00:00Z"
    )
    space = place_items(world, {"a": [1, 0], "b": [0, 1]})
    Interest.objects.create(profile=ada, space=space, rank=0, weight=3.0, vector=[1, 0], keywords=["dragons", "sea"])
    Interest.objects.create(profile=ada, space=space, rank=1, weight=1.0, vector=[0, 1], keywords=["bread"])
    Profile.objects.create(catalog=world.catalog, key="cookie/1 2", merged_into=ada)
    return ada


def test_a_profile_shows_history_interests_and_aliases(editor: Client, ada: Profile):
    page = editor.get(reverse("admin:profiles_profile_change", args=[ada.pk]))
    text = read_text(page)
    history = text[text.index("The latest") :]
    places = [history.index(part) for part in ("like", "Title of b", "rating", "4.5", "Title of a", "“red <shoes>”")]
    assert places == sorted(places)
    assert text.index("75 %") < text.index("dragons") < text.index("25 %") < text.index("bread")
    assert "cookie/1 2" in text
    assert f"?catalog={ada.catalog_id}&amp;profile=ada" in page.content.decode()


def test_the_history_ends_at_the_latest_fifty(editor: Client, ada: Profile):
    item = Interaction.objects.exclude(item=None).first()
    assert item is not None
    Interaction.objects.bulk_create(
        Interaction(catalog=ada.catalog, profile=ada, item=item.item, kind="view", occurred_at="2026-02-01T00:00Z")
        for _ in range(70)
    )
    content = editor.get(reverse("admin:profiles_profile_change", args=[ada.pk])).content.decode()
    assert content.count("<td>view</td>") == 50


@pytest.mark.parametrize(
    ("query", "keys"), [("?q=ad", {"ada"}), ("?alias=yes", {"cookie/1 2"}), ("?alias=no", {"ada"})]
)
def test_profiles_are_found(editor: Client, ada: Profile, query: str, keys: set[str]):
    found = editor.get(reverse("admin:profiles_profile_changelist") + query).context["cl"].result_list
    assert {row.key for row in found} == keys


@pytest.mark.parametrize("name", ["profiles_profile", "profiles_interaction"])
def test_nothing_is_written_by_hand(editor: Client, ada: Profile, name: str):
    row = ada if name == "profiles_profile" else Interaction.objects.first()
    assert row is not None
    assert editor.get(reverse(f"admin:{name}_add")).status_code == 403
    assert editor.post(reverse(f"admin:{name}_change", args=[row.pk]), {"key": "x"}).status_code == 403
    assert editor.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    page = editor.get(reverse(f"admin:{name}_changelist"))
    assert "delete_selected" not in page.content.decode()
