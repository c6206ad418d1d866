"""Signed links lead where they were made to lead, and nowhere else."""

from dataclasses import replace
from uuid import UUID

import pytest

from recommender.click_links import BadLinkError, Click, make_click_url, read_click, read_person, sign_person

CLICK = Click(catalog_id=1, item_id=2, recommendation_id=UUID(int=3), position=4, user_id="ада/1 ?")
DAY = 86400.0


@pytest.fixture
def days_later(monkeypatch: pytest.MonkeyPatch) -> object:
    import time

    now = time.time()
    return lambda days: monkeypatch.setattr("django.core.signing.time.time", lambda: now + days * DAY)


def read_token(url: str) -> str:
    return url.rsplit("/", 1)[-1]


def test_a_link_says_what_was_put_into_it() -> None:
    assert read_click(read_token(make_click_url(CLICK))) == CLICK


def test_a_link_of_a_stranger_keeps_no_person() -> None:
    assert read_click(read_token(make_click_url(replace(CLICK, user_id=None)))).user_id is None


def test_an_old_link_still_leads_on_but_is_no_longer_fresh(days_later) -> None:  # type: ignore[no-untyped-def]
    token = read_token(make_click_url(CLICK))
    days_later(31)

    assert read_click(token) == replace(CLICK, fresh=False)


@pytest.mark.parametrize("change", [lambda t: t[:-1] + ("a" if t[-1] != "a" else "b"), lambda t: "x" + t, lambda t: ""])
def test_a_changed_link_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadLinkError):
        read_click(change(read_token(make_click_url(CLICK))))


def test_the_token_of_a_person_is_no_click_and_the_other_way_round() -> None:
    with pytest.raises(BadLinkError):
        read_click(sign_person(1, "ada"))
    with pytest.raises(BadLinkError):
        read_person(read_token(make_click_url(CLICK)), catalog_id=1)


def test_a_person_is_read_in_their_own_catalog_alone(days_later) -> None:  # type: ignore[no-untyped-def]
    token = sign_person(1, "ada")

    assert read_person(token, catalog_id=1) == "ada"
    with pytest.raises(BadLinkError):
        read_person(token, catalog_id=2)
    days_later(31)
    with pytest.raises(BadLinkError):
        read_person(token, catalog_id=1)
