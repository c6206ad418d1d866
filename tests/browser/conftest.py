"""A real browser on pages of a live server; every page is watched for what a site owner would not forgive."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

CHROMIUM = Path(os.environ.get("RECSITE_CHROMIUM") or "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS = os.environ.get("RECSITE_SHOTS")

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium a test module.

    Playwright's loop runs in this thread for as long as the browser does, which Django takes for an asynchronous
    caller of the database; a longer life than a module would reach into other tests.
    """
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there (RECSITE_CHROMIUM names another)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            yield browser
            browser.close()


@pytest.fixture
def open_page(chromium: Browser, live_server: Any) -> Iterator[OpenPage]:
    """Open a page in a context of its own: ``open_page("/demo/", locale="zh-CN")``.

    After the test no page may have logged an error (a breach of the content security policy is one), or asked
    another host for anything.
    """
    pages: list[Page] = []
    trouble: list[str] = []

    def open_one(path: str, **options: Any) -> Page:
        context = chromium.new_context(base_url=live_server.url, **{"locale": "en-US", **options})
        context.set_default_timeout(10_000)
        page = context.new_page()
        pages.append(page)
        page.on("console", note_console)
        page.on("pageerror", lambda error: trouble.append(f"script: {error}"))
        page.on("request", note_request)
        page.on("requestfailed", note_failure)
        page.goto(path)
        return page

    def note_failure(request: Request) -> None:
        # Aborted is what the page itself no longer wanted: it was left while an answer was on its way.
        if request.failure != "net::ERR_ABORTED":
            trouble.append(f"failed: {request.url} {request.failure}")

    def note_console(message: ConsoleMessage) -> None:
        # A browser asks for the icon of what it takes for a page; a fragment is none and names none.
        fragment = message.page is not None and "/w/" in message.page.url
        icon = fragment and message.location["url"].endswith("/favicon.ico")
        if message.type in ("error", "warning") and not icon:
            trouble.append(f"console {message.type}: {message.text}")

    def note_request(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and f"{address.scheme}://{address.netloc}" != live_server.url:
            trouble.append(f"request: {request.url}")

    yield open_one
    for page in pages:
        page.context.close()
    assert trouble == []


@pytest.fixture
def take_shot() -> Callable[[Page, str], None]:
    """Save a picture of the whole page as NAME.png, where RECSITE_SHOTS names a folder for pictures."""

    def take_one(page: Page, name: str) -> None:
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)

    return take_one
