"""The contract of widgets as tests: inherit WidgetContract and say which key is yours."""

import re
from html import unescape
from typing import Any, ClassVar
from uuid import UUID

from catalog.testing.components import ComponentContract
from recommender.records import Reason, Slate, SlateEntry
from recommender.widget_html import render_slate
from recommender.widgets import widgets

TITLES = ("<b>Bold</b> & “quoted”", "红楼梦", "ألف ليلة وليلة", "word " * 60, "👩‍👩‍👧", "")


class WidgetContract(ComponentContract):
    """The tests that every widget passes; put them to yours so::

        class TestMine(WidgetContract):
            key = "mine"
            options = {"columns": 3}

    ``options`` are plain JSON values.
    """

    key: ClassVar[str]

    def find_component(self) -> type[Any]:
        """Look the widget up by its key."""
        return widgets.get(self.key)

    def render(self, *entries: SlateEntry, logged: bool = True) -> str:
        """Render a slate as a page does."""
        slate = Slate(
            entries=entries,
            requested=10,
            exhausted=True,
            milliseconds=1.0,
            timings={},
            placement_key="home",
            widget=self.key,
            widget_options=self.options,
            recommendation_id=UUID(int=7) if logged else None,
        )
        return render_slate(slate, catalog_id=1, user_id="ada", heading="For <you> & me")

    def test_it_has_a_label_for_editors(self) -> None:
        assert str(widgets.get(self.key).label)

    def test_an_empty_slate_is_no_html(self) -> None:
        assert self.render() == ""

    def test_every_title_is_shown_and_escaped(self) -> None:
        html = self.render(*(make_entry(place, title) for place, title in enumerate(TITLES)))
        shown = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", html)))
        for place, title in enumerate(TITLES):
            assert " ".join((title or f"key {place}").split()) in shown
        assert "<b>" not in html
        assert "<you>" not in html

    def test_every_entry_with_a_url_has_one_link_that_records_the_click(self) -> None:
        html = self.render(*(make_entry(place, title) for place, title in enumerate(TITLES)))
        links = [unescape(link) for link in re.findall(r"<a[^>]*\bhref=\"([^\"]*)\"", html)]
        assert len(links) == len(TITLES) == len(set(links))
        assert all("/w/c/" in link for link in links)

    def test_an_entry_without_a_url_has_no_link(self) -> None:
        assert "href" not in self.render(make_entry(1, "Nowhere", url=""))

    def test_a_slate_that_is_not_logged_links_to_the_item_itself(self) -> None:
        assert 'href="https://shop.example/1"' in self.render(make_entry(1, "Preview"), logged=False)

    def test_nothing_is_inline_and_every_image_has_alt(self) -> None:
        html = self.render(make_entry(1, "One", image_url="https://shop.example/1.png"), make_entry(2, "Two"))
        assert re.findall(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", html) == []
        assert [image for image in re.findall(r"<img[^>]*>", html) if "alt=" not in image] == []

    def test_tags_are_balanced(self) -> None:
        html = self.render(make_entry(1, "One"), make_entry(2, "Two", url=""))
        for tag in set(re.findall(r"<([a-z0-9]+)", html)) - {"img", "br", "hr", "input", "source", "wbr"}:
            assert len(re.findall(rf"<{tag}\b", html)) == len(re.findall(rf"</{tag}>", html)), tag


def make_entry(place: int, title: str, *, url: str | None = None, image_url: str = "") -> SlateEntry:
    """Return an entry of a slate."""
    return SlateEntry(
        item_id=place + 1,
        key=f"key {place}",
        kind="",
        title=title,
        url=f"https://shop.example/{place}" if url is None else url,
        image_url=image_url,
        categories=("one & two", "three"),
        attributes={},
        score=1.0 - place / 100,
        sources=("popular",),
        reason=Reason("popular", "Because of <this>"),
    )
