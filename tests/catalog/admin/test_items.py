"""Items in the admin are written as imports write them, and tell how they are encoded."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.item_text import compose_text, digest_text
from catalog.models import Embedding, Item
from catalog.signals import items_changed
from tests.editors import read_text
from tests.recommender.worlds import World, make_world, place_items


@pytest.fixture
def world(db: None) -> World:
    return make_world("a", "b", "c", "d")


def page(item: Item) -> str:
    return reverse("admin:catalog_item_change", args=[item.pk])


def fields(**changed: Any) -> dict[str, Any]:
    return {
        "title": "New", "text": "words", "kind": "book", "categories": "x, y\n\n z ", "attributes": '{"year": 1999}',
        "available": "on", "_save": "1", **changed,
    }  # fmt: skip


def test_an_edit_goes_through_the_service_and_is_announced(
    editor: Client, world: World, django_capture_on_commit_callbacks: Any
):
    heard: list[int] = []

    def hear(sender: Any, *, count: int, **_: Any) -> None:
        heard.append(count)

    items_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            answer = editor.post(page(world.items["a"]), fields(hidden="on"))
    finally:
        items_changed.disconnect(hear)
    assert answer.status_code == 302
    item = Item.objects.get(key="a")
    assert (item.title, item.kind, item.categories, item.attributes) == ("New", "book", ["x, y", "z"], {"year": 1999})
    assert (item.hidden, item.available) == (True, True)
    text = compose_text(
        title="New", text="words", categories=("x, y", "z"), attributes={"year": 1999}, embedded_attributes=None
    )
    assert item.content_digest == digest_text(text)
    assert heard == [1]


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "//evil.example/"}, "url"),
        ({"image_url": "data:text/html,x"}, "image_url"),
        ({"kind": "Two Words"}, "kind"),
        ({"title": "t" * 1001}, "title"),
        ({"attributes": '{"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": {"j": 1}}}}}}}}}}'}, "attributes"),
    ],
)
def test_what_an_import_refuses_an_editor_cannot_write(
    editor: Client, world: World, changed: dict[str, str], name: str
):
    answer = editor.post(page(world.items["a"]), fields(**changed))
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [name]
    assert Item.objects.get(key="a").title == "Title of a"


def test_a_new_item_is_made_with_a_key(editor: Client, world: World):
    answer = editor.post(
        reverse("admin:catalog_item_add"), fields(catalog=world.catalog.pk, key="a key/with: all", attributes="")
    )
    assert answer.status_code == 302
    assert Item.objects.get(key="a key/with: all").attributes == {}


def test_a_taken_key_is_refused(editor: Client, world: World):
    answer = editor.post(reverse("admin:catalog_item_add"), fields(catalog=world.catalog.pk, key="a"))
    assert answer.status_code == 200
    assert Item.objects.get(key="a").title == "Title of a"


@pytest.mark.parametrize(
    ("attributes", "said"),
    [("[1]", "Write a JSON object"), ('{"a": NaN}', "NaN and Infinity"), ("{", "Enter a valid JSON")],
)
def test_attributes_that_are_no_json_object_are_refused(editor: Client, world: World, attributes: str, said: str):
    answer = editor.post(page(world.items["a"]), fields(attributes=attributes))
    assert answer.status_code == 200
    assert said in read_text(answer)
    assert Item.objects.get(key="a").attributes == {}


def test_the_key_of_an_item_cannot_be_changed(editor: Client, world: World):
    editor.post(page(world.items["a"]), fields(key="other"))
    assert set(Item.objects.values_list("key", flat=True)) == {"a", "b", "c", "d"}


@pytest.mark.parametrize(("action", "hidden"), [("hide", True), ("show", False)])
def test_items_are_hidden_and_shown_by_action(editor: Client, world: World, action: str, hidden: bool):
    Item.objects.filter(key="a").update(hidden=not hidden)
    answer = editor.post(
        reverse("admin:catalog_item_changelist"),
        {"action": action, "_selected_action": world.ids("a"), "index": "0"},
        follow=True,
    )
    assert Item.objects.get(key="a").hidden is hidden
    assert f"1 item {'hidden' if hidden else 'shown'}." in read_text(answer)


def test_nearest_items_are_shown_nearest_first_with_links(editor: Client, world: World):
    place_items(world, {"a": [1, 0], "b": [0, 1], "c": [1, 0.1], "d": [1, 1]})
    text = read_text(editor.get(page(world.items["a"])))
    places = [text.index(f"Title of {key}", text.index("similarity")) for key in ("c", "d", "b")]
    assert places == sorted(places)
    assert f'href="{page(world.items["c"])}"' in editor.get(page(world.items["a"])).content.decode()
    assert "0.995" in text


def test_an_item_that_is_not_encoded_says_so(editor: Client, world: World):
    assert "Not encoded yet." in read_text(editor.get(page(world.items["a"])))


def test_the_list_tells_what_is_encoded_waiting_and_failed(editor: Client, world: World):
    place_items(world, {"a": [1, 0], "b": [0, 1], "c": [1, 1]})
    Item.objects.filter(key="b").update(content_digest=world.items["a"].content_digest)
    Embedding.objects.filter(item=world.items["c"]).update(
        content_digest=None, vector=None, failed_digest=world.items["c"].content_digest, error="too odd"
    )
    rows = editor.get(reverse("admin:catalog_item_changelist")).context["cl"].result_list
    assert {row.key: row.encoding for row in rows} == {"a": "encoded", "b": "waiting", "c": "failed", "d": "waiting"}
    assert "too odd" in read_text(editor.get(page(world.items["c"])))
    found = editor.get(reverse("admin:catalog_item_changelist") + "?encoding=failed").context["cl"].result_list
    assert [row.key for row in found] == ["c"]


@pytest.mark.parametrize(
    ("query", "keys"),
    [("?q=b", {"b"}), ("?q=TITLE+OF+c", {"c"}), ("?kind=item", {"a", "b", "c", "d"}), ("?kind=it", set()),
     ("?category=red", {"a"}), ("?shown=hidden", {"d"})],
)  # fmt: skip
def test_items_are_found(editor: Client, world: World, query: str, keys: set[str]):
    Item.objects.filter(key="a").update(categories=["red", "blue"])
    Item.objects.filter(key="d").update(hidden=True)
    found = editor.get(reverse("admin:catalog_item_changelist") + query).context["cl"].result_list
    assert {row.key for row in found} == keys


def test_deleting_an_item_asks_first_and_takes_all_with_it(editor: Client, world: World):
    place_items(world, {"a": [1, 0], "b": [0, 1]})
    url = reverse("admin:catalog_item_delete", args=[world.items["a"].pk])
    assert "Title of a" in read_text(editor.get(url))
    editor.post(url, {"post": "yes"})
    assert not Item.objects.filter(key="a").exists()
    assert Embedding.objects.count() == 1


def test_markup_in_a_title_stays_text(editor: Client, world: World):
    Item.objects.filter(key="a").update(
        title="<b onclick=x>Bold</b>", attributes={"<i>": "<u>"}, image_url="javascript:x"
    )
    for url in (page(world.items["a"]), reverse("admin:catalog_item_changelist")):
        content = editor.get(url).content.decode()
        assert "<b onclick" not in content
        assert "<u>" not in content
        assert 'src="javascript:' not in content
