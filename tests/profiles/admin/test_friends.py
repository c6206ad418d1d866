"""Friendships and groups in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Catalog
from profiles.models import Friendship, Profile, ProfileGroup
from tests.editors import read_text


@pytest.fixture
def people(db: None) -> dict[str, Profile]:
    shop, other = (Catalog.objects.create(key=key, name=key.title()) for key in ("shop", "other"))
    made = {key: Profile.objects.create(catalog=shop, key=key) for key in ("ana", "bob", "cal")}
    made["cookie"] = Profile.objects.create(catalog=shop, key="cookie", merged_into=made["ana"])
    made["stranger"] = Profile.objects.create(catalog=other, key="stranger")
    Friendship.objects.create(catalog=shop, first=made["ana"], second=made["bob"])
    return made


def write_group(editor: Client, people: dict[str, Profile], *members: str, group: ProfileGroup | None = None) -> str:
    address = reverse("admin:profiles_profilegroup_add")
    if group is not None:
        address = reverse("admin:profiles_profilegroup_change", args=[group.pk])
    data = {"key": "trio", "name": "Trio", "catalog": people["ana"].catalog_id}
    return read_text(editor.post(address, {**data, "members": [people[key].pk for key in members]}, follow=True))


def test_friendships_are_shown_from_either_side_and_written_by_nobody(editor: Client, people: dict[str, Profile]):
    for key in ("ana", "bob"):
        page = editor.get(reverse("admin:profiles_friendship_changelist") + f"?q={key}")
        assert [row.first.key for row in page.context["cl"].result_list] == ["ana"]
    row = Friendship.objects.get()
    text = read_text(editor.get(reverse("admin:profiles_friendship_change", args=[row.pk])))
    assert "ana" in text
    assert "bob" in text
    assert editor.get(reverse("admin:profiles_friendship_add")).status_code == 403
    assert editor.post(reverse("admin:profiles_friendship_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_a_profile_shows_its_friends_and_groups(editor: Client, people: dict[str, Profile]):
    write_group(editor, people, "bob")
    for key, shown in (("ana", {"bob"}), ("bob", {"ana", "Trio"}), ("cal", set())):
        page = editor.get(reverse("admin:profiles_profile_change", args=[people[key].pk])).content.decode()
        links = {text for text in ("ana", "bob", "cal", "Trio") if f">{text}</a>" in page}
        assert links == shown


def test_a_group_is_made_and_changed_and_an_alias_stands_for_its_profile(editor: Client, people: dict[str, Profile]):
    write_group(editor, people, "cookie", "ana", "bob")
    group = ProfileGroup.objects.get()
    assert set(group.members.values_list("key", flat=True)) == {"ana", "bob"}

    write_group(editor, people, "cal", group=group)
    assert set(group.members.values_list("key", flat=True)) == {"cal"}
    listed = editor.get(reverse("admin:profiles_profilegroup_changelist")).context["cl"].result_list
    assert [(row.key, row.size) for row in listed] == [("trio", 1)]


def test_members_of_another_catalog_are_refused(editor: Client, people: dict[str, Profile]):
    text = write_group(editor, people, "ana", "stranger")
    assert "“stranger” is no profile of this catalog." in text
    assert not ProfileGroup.objects.exists()


def test_more_members_than_a_slate_can_be_made_for_are_refused(editor: Client, people: dict[str, Profile]):
    catalog = people["ana"].catalog
    crowd = {f"p{n}": Profile.objects.create(catalog=catalog, key=f"p{n}") for n in range(31)}
    text = write_group(editor, {**people, **crowd}, *crowd)
    assert "A group has 30 members at most." in text
    assert not ProfileGroup.objects.exists()
