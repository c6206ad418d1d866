"""Slates move with a merged profile."""

import pytest

from profiles.identity import merge_profiles
from recommender.models import Recommendation, Shortlist
from recommender.services.recommendations import recommend
from tests.recommender.worlds import act, make_placement, make_profile, make_world, publish_shortlist


@pytest.mark.django_db(transaction=True)
def test_what_an_anonymous_browser_was_shown_belongs_to_the_person_after_the_merge() -> None:
    world = make_world("a", "b")
    make_placement(world)
    browser, ada = make_profile(world, "browser-1"), make_profile(world, "ada")
    act(world, browser, "a")
    publish_shortlist(world, "generative", browser, {"b": 1.0})
    slate = recommend(world.catalog.pk, placement="home", user_id="browser-1")

    merge_profiles(world.catalog.pk, source="browser-1", into="ada")

    assert Recommendation.objects.get(pk=slate.recommendation_id).profile == ada
    assert not Shortlist.objects.exists()
