"""People over the API: interests and merging."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from catalog.models import Catalog, EmbeddingSpace
from profiles.models import Interaction, Interest, Profile
from tests.catalog.api.callers import Caller, make_caller, read_error

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


@pytest.fixture
def caller(catalog: Catalog) -> Caller:
    return make_caller(catalog)


def add_interest(profile: Profile, weight: float, *keywords: str, state: str = "active") -> None:
    space, _ = EmbeddingSpace.objects.get_or_create(
        catalog=profile.catalog, state=state, defaults={"encoder": "hashing", "dimensions": 2}
    )
    rank = Interest.objects.filter(profile=profile, space=space).count()
    Interest.objects.create(
        profile=profile, space=space, rank=rank, weight=weight, vector=[1, 0], keywords=list(keywords)
    )


@pytest.mark.parametrize("key", ["u-42", "a/b c", "ü/interests", "merge"])
def test_interests_come_strongest_first_for_any_user_id(catalog: Catalog, caller: Caller, key: str) -> None:
    profile = Profile.objects.create(catalog=catalog, key=key)
    add_interest(profile, 0.25, "cooking")
    add_interest(profile, 0.75, "dragon", "magic")
    add_interest(profile, 1.0, "retired", state="retired")

    status, answer = caller.get(f"/users/{quote(key, safe='')}/interests")

    assert status == 200
    assert answer == {
        "user_id": key,
        "interests": [
            {"keywords": ["dragon", "magic"], "weight": 0.75, "space": "text"},
            {"keywords": ["cooking"], "weight": 0.25, "space": "text"},
        ],
        "refreshed_at": None,
    }


def test_an_unknown_user_has_no_interests_to_show(caller: Caller) -> None:
    status, answer = caller.get("/users/nobody/interests")

    assert (status, read_error(answer)) == (404, ("profile_not_found", "user_id", None))


def test_a_person_of_another_catalog_is_unknown(caller: Caller) -> None:
    other = Catalog.objects.create(key="other", name="Other")
    Profile.objects.create(catalog=other, key="u")
    Profile.objects.create(catalog=other, key="cookie")

    assert caller.get("/users/u/interests")[0] == 404
    assert caller.post("/users/merge", {"source": "cookie", "into": "u"})[0] == 404
    assert not Profile.objects.exclude(merged_into=None).exists()


def test_merging_moves_the_history_and_leaves_an_alias(catalog: Catalog, caller: Caller) -> None:
    caller.post("/items", {"key": "a"})
    caller.post("/interactions", [{"user_id": user, "item": "a", "kind": "view"} for user in ("cookie", "u-42")])

    for _ in range(2):
        assert caller.post("/users/merge", {"source": "cookie", "into": "u-42"}) == (200, {"user_id": "u-42"})
    caller.post("/interactions", {"user_id": "cookie", "item": "a", "kind": "like"})

    assert list(Interaction.objects.values_list("profile__key", flat=True).distinct()) == ["u-42"]
    assert caller.get("/users/cookie/interests")[1]["user_id"] == "u-42"


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 400, "required", "source"),
        ({"source": "cookie"}, 400, "required", "into"),
        ({"source": "cookie", "into": "u", "force": True}, 400, "unknown_field", "force"),
        ({"source": "cookie", "into": ["u"]}, 400, "invalid", "into"),
        ({"source": "cookie", "into": "a\nb"}, 400, "invalid", "into"),
        ({"source": "cookie", "into": "cookie"}, 400, "same_profile", "into"),
        ({"source": "nobody", "into": "u"}, 404, "profile_not_found", "source"),
        ({"source": "cookie", "into": "nobody"}, 404, "profile_not_found", "into"),
        ({"source": "merged", "into": "u"}, 409, "already_merged", "source"),
        ([], 400, "invalid", None),
    ],
)
def test_a_merge_that_cannot_be_is_refused_by_name(
    catalog: Catalog, caller: Caller, body: object, status: int, code: str, field: str | None
) -> None:
    cookie = Profile.objects.create(catalog=catalog, key="cookie")
    Profile.objects.create(catalog=catalog, key="u")
    Profile.objects.create(catalog=catalog, key="merged", merged_into=cookie)

    answered, answer = caller.post("/users/merge", body)

    assert (answered, read_error(answer)) == (status, (code, field, None))
