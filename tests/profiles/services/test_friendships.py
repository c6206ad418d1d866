"""Friendships: mutual, each once, whichever way and however often it is said."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Catalog
from profiles.identity import MergeError, merge_profiles
from profiles.models import Friendship, Profile, ProfileGroup
from profiles.records import FriendshipRecord
from profiles.selectors import list_friends
from profiles.services.friendships import add_friendships, compare_friendships, remove_friendships
from profiles.services.groups import write_group


@pytest.fixture
def catalog(db: None) -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


def say(*pairs: str) -> list[FriendshipRecord]:
    """Friendships of people with names of one letter."""
    return [FriendshipRecord(pair[0], pair[1]) for pair in pairs]


def read_pairs() -> set[str]:
    rows = Friendship.objects.values_list("first__key", "second__key")
    return {"".join(sorted(pair)) for pair in rows}


def friends_of(key: str) -> set[str]:
    return set(list_friends(Profile.objects.get(key=key).pk))


def test_either_order_says_the_same_and_again_changes_nothing(catalog: Catalog) -> None:
    report = add_friendships(catalog.pk, say("ab", "ba", "bc", "ab"))

    assert (report.created, report.unchanged, report.errors) == (2, 2, ())
    assert report.created_places == {0, 2}
    assert read_pairs() == {"ab", "bc"}
    assert (friends_of("a"), friends_of("b"), friends_of("c")) == ({"b"}, {"a", "c"}, {"b"})

    again = add_friendships(catalog.pk, say("cb", "ba"))
    assert (again.created, again.unchanged, Friendship.objects.count()) == (0, 2, 2)


@pytest.mark.parametrize("write", [add_friendships, compare_friendships])
def test_what_would_be_written_is_what_is_written(catalog: Catalog, write) -> None:
    add_friendships(catalog.pk, say("ab", "cd"))
    merge_profiles(catalog.pk, source="c", into="b")

    report = write(catalog.pk, say("ba", "ac", "bd", "bc", "de", "ed"))

    assert (report.created, report.unchanged, [error.line for error in report.errors]) == (1, 4, [3])
    assert report.errors[0].code == "same_profile"
    assert report.created_places == {4}
    assert Profile.objects.filter(key="e").exists() == (write is add_friendships)


def test_a_batch_costs_the_same_whatever_its_size(catalog: Catalog) -> None:
    counts = []
    for letters in ("abcd", "efghijklmnopqrstuvwxyz"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            add_friendships(catalog.pk, say(*(one + other for one in letters for other in letters if one < other)))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_catalogs_do_not_meet(catalog: Catalog) -> None:
    other = Catalog.objects.create(key="other", name="Other")
    add_friendships(catalog.pk, say("ab"))
    add_friendships(other.pk, say("ac"))

    assert set(Friendship.objects.in_catalog(other.pk).values_list("second__key", flat=True)) == {"c"}
    assert remove_friendships(other.pk, user_id="a", friend_ids=["b"]) == 0
    assert Friendship.objects.count() == 2


def test_a_merge_joins_friends_and_makes_nobody_a_friend_of_their_own(catalog: Catalog) -> None:
    add_friendships(catalog.pk, say("ab", "ac", "bc", "bd"))

    merge_profiles(catalog.pk, source="b", into="a")

    assert read_pairs() == {"ac", "ad"}
    assert add_friendships(catalog.pk, say("be")).created == 1
    assert friends_of("a") == {"c", "d", "e"}
    assert remove_friendships(catalog.pk, user_id="b", friend_ids=["c", "nobody"]) == 1
    assert friends_of("a") == {"d", "e"}


def test_friendships_and_memberships_go_with_the_profile(catalog: Catalog) -> None:
    add_friendships(catalog.pk, say("ab", "bc", "ac"))
    write_group(catalog.pk, key="all", members=["a", "b", "c"])

    Profile.objects.get(key="b").delete()

    assert read_pairs() == {"ac"}
    assert list(ProfileGroup.objects.get().members.values_list("key", flat=True).order_by("key")) == ["a", "c"]


def test_a_merge_gives_a_group_one_member_for_two(catalog: Catalog) -> None:
    write_group(catalog.pk, key="both", members=["a", "b"])
    write_group(catalog.pk, key="one", members=["b", "c"])

    merge_profiles(catalog.pk, source="b", into="a")

    found = {group.key: set(group.members.values_list("key", flat=True)) for group in ProfileGroup.objects.all()}
    assert found == {"both": {"a"}, "one": {"a", "c"}}
    group, created = write_group(catalog.pk, key="one", members=["b", "d", "d"])
    assert (created, set(group.members.values_list("key", flat=True))) == (False, {"a", "d"})


def test_nobody_is_nobodys_friend(catalog: Catalog) -> None:
    assert add_friendships(catalog.pk, []) == compare_friendships(catalog.pk, [])
    assert remove_friendships(catalog.pk, user_id="nobody", friend_ids=["a"]) == 0


@pytest.mark.django_db(transaction=True)
def test_concurrent_batches_merges_and_groups_lose_nothing() -> None:
    catalog = Catalog.objects.create(key="busy", name="Busy")
    pairs = [one + other for one in "abcdefgh" for other in "abcdefgh" if one < other]
    add_friendships(catalog.pk, say(*pairs))
    failures: list[Exception] = []
    start = threading.Barrier(4)

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait(timeout=30)
            for _ in range(8):
                work()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    def merge() -> None:
        for source, into in ("ab", "bc", "de"):
            with suppress(MergeError):
                merge_profiles(catalog.pk, source=source, into=into)

    works: list[Callable[[], object]] = [
        lambda: add_friendships(catalog.pk, say(*pairs)),
        lambda: add_friendships(catalog.pk, say(*(pair[::-1] for pair in reversed(pairs)))),
        lambda: write_group(catalog.pk, key="all", members=list("hgfedcba")),
        merge,
    ]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert failures == []
    add_friendships(catalog.pk, say(*pairs))
    assert read_pairs() == {one + other for one in "cefgh" for other in "cefgh" if one < other}
    assert set(ProfileGroup.objects.get().members.values_list("key", flat=True)) == set("cefgh")
