"""What the demo shows in a terminal once everything is there."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from profiles.models import Interaction
from recsite.demo.show import NEWCOMER, show_people
from tests.recommender.worlds import act, make_placement, make_profile, make_world, publish_scores

pytestmark = pytest.mark.django_db


def test_the_newcomer_has_a_single_click_before_the_second_in_every_run() -> None:
    world = make_world(*"abcdef")
    publish_scores(world, "popular", {key: float(place) for place, key in enumerate("abcdef")})
    make_placement(world, ("scores", "popular", 1.0), size=3)
    act(world, make_profile(world), "f")
    for _ in range(2):
        console = Console(file=StringIO(), width=120)
        show_people(world.catalog, console)
        assert "The click changed the next slate: 1 of 3 entries are new" in console.file.getvalue()
        assert Interaction.objects.filter(profile__key=NEWCOMER, kind="click").count() == 2
