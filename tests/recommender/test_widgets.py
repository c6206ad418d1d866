"""Widgets: the template tag, the HTML fragment, and the click that records itself."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.template import Context, Template
from django.test import Client, RequestFactory

from profiles.models import Interaction, Profile
from recommender.click_links import sign_person
from recommender.models import Recommendation
from tests.recommender.worlds import World, make_placement, make_world, publish_scores

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: Any) -> World:
    settings.RECSITE_DEFAULT_CATALOG = "shop"
    made = make_world("a/b", "<script>", "红楼梦", url="https://shop.example/x")
    made.items["红楼梦"].title = "红楼梦 & <b>more</b>"
    made.items["红楼梦"].save()
    publish_scores(made, "popular", {"红楼梦": 3.0, "a/b": 2.0, "<script>": 1.0})
    make_placement(made, ("scores", "popular", 1.0))
    return made


def render_tag(tag: str, **context: Any) -> str:
    return Template("{% load recommendations %}" + tag).render(Context(context))


def find_links(html: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', html)]


def test_the_tag_shows_the_slate_with_everything_escaped(world: World) -> None:
    html = render_tag('{% recommendations "home" user_id="ada" heading=heading %}', heading="Für <dich>")

    assert "红楼梦 &amp; &lt;b&gt;more&lt;/b&gt;" in html
    assert "Für &lt;dich&gt;" in html
    assert "<script" not in html
    assert "style=" not in html
    assert f'data-recommendation="{Recommendation.objects.get().pk}"' in html


@pytest.mark.parametrize("widget", ["grid", "list"])
def test_every_widget_has_a_heading_a_list_and_a_link_an_entry(world: World, widget: str) -> None:
    make_placement(world, key="side", widget=widget, widget_options={"heading_level": 3})

    html = render_tag('{% recommendations "side" %}')

    assert "<h3" in html
    assert html.count("<li") == 3
    assert len(find_links(html)) == 3


def test_the_signed_in_user_is_who_the_slate_is_for(world: World) -> None:
    request = RequestFactory().get("/")
    request.user = User.objects.create_user("ada")
    profile = Profile.objects.create(catalog=world.catalog, key=str(request.user.pk))

    render_tag('{% recommendations "home" %}', request=request)

    assert Recommendation.objects.get().profile == profile


def test_a_page_does_not_break_for_a_placement_that_is_not_there(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert render_tag('before {% recommendations "nowhere" %}after') == "before after"
    assert "recommendations 'nowhere' could not be shown" in caplog.text


def test_nothing_to_show_is_no_box(world: World) -> None:
    make_placement(world, key="none", filters={"kind": "no such kind"})

    assert render_tag('{% recommendations "none" %}') == ""


def test_a_widget_that_is_gone_is_shown_as_the_grid(world: World) -> None:
    make_placement(world, key="old", widget="gone", widget_options={"x": 1})

    assert "rec-grid" in render_tag('{% recommendations "old" %}')


def test_the_fragment_is_the_widget_alone_and_is_not_stored_by_caches(client: Client, world: World) -> None:
    response = client.get("/w/shop/home?n=2")

    html = response.content.decode()
    assert response.status_code == 200
    assert html.startswith("<section")
    assert html.count("<li") == 2
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"


def test_the_fragment_knows_a_person_by_the_site_s_signature_alone(client: Client, world: World) -> None:
    profile = Profile.objects.create(catalog=world.catalog, key="ada")

    client.get("/w/shop/home?user_id=ada")
    client.get("/w/shop/home", {"person": sign_person(world.catalog.pk, "ada")})
    forged = client.get("/w/shop/home?person=ada")

    assert [row.profile for row in Recommendation.objects.order_by("created_at")] == [None, profile]
    assert forged.status_code == 400


def test_the_url_tag_leads_to_the_person_s_own_fragment(client: Client, world: World) -> None:
    profile = Profile.objects.create(catalog=world.catalog, key="ada")

    url = unescape(render_tag('{% recommendations_url "home" user_id="ada" item="a/b" %}'))
    html = client.get(url).content.decode()

    assert html.count("<li") == 2
    assert Recommendation.objects.get().profile == profile


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/w/nowhere/home", 404),
        ("/w/shop/nowhere", 404),
        ("/w/shop/home?item=no+such+item", 404),
        ("/w/shop/home?n=0", 400),
        ("/w/shop/home?n=-1", 400),
        ("/w/shop/home?n=100000", 400),
        ("/w/shop/home?n=%D9%A3", 400),
        ("/w/shop/home?n=many", 400),
        ("/w/c/forged", 404),
    ],
)
def test_a_bad_address_is_answered_plainly(client: Client, world: World, path: str, status: int) -> None:
    assert client.get(path).status_code == status


@pytest.mark.parametrize("n", ["0", "-1", "100000"])
def test_an_impossible_size_is_told_with_its_limits(client: Client, world: World, n: str) -> None:
    answer = client.get(f"/w/shop/home?n={n}")
    assert answer.content.decode() == f"n: must be from 1 to 1000, not {n}"


def test_a_click_is_recorded_once_and_leads_to_the_catalogue_s_own_url(client: Client, world: World) -> None:
    link = find_links(render_tag('{% recommendations "home" user_id="ada" %}'))[1]

    first, second = client.get(link), client.get(link)

    assert (first.status_code, first["Location"]) == (302, "https://shop.example/x")
    assert second["Location"] == first["Location"]
    click = Interaction.objects.get()
    assert (click.kind, click.profile.key, click.item, click.position) == ("click", "ada", world.items["a/b"], 1)
    assert click.recommendation_id == Recommendation.objects.get().pk


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}])
def test_a_prefetch_leads_on_without_being_recorded(client: Client, world: World, headers: dict[str, str]) -> None:
    link = find_links(render_tag('{% recommendations "home" user_id="ada" %}'))[0]

    assert client.get(link, headers=headers).status_code == 302
    assert client.head(link).status_code == 302
    assert not Interaction.objects.exists()


def test_a_stranger_s_click_leads_on_and_leaves_no_trace(client: Client, world: World) -> None:
    link = find_links(render_tag('{% recommendations "home" %}'))[0]

    assert client.get(link).status_code == 302
    assert not Interaction.objects.exists()
    assert not Profile.objects.exists()


def test_the_link_of_a_deleted_item_is_a_plain_404(client: Client, world: World) -> None:
    link = find_links(render_tag('{% recommendations "home" %}'))[0]
    world.items["红楼梦"].delete()

    assert client.get(link).status_code == 404
