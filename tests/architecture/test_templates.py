"""Templates keep the content security policy: nothing inline, nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import CHECKOUT, PACKAGES

TEMPLATES = sorted(
    path.relative_to(CHECKOUT)
    for app in (*PACKAGES, "tests/example_plugin")
    for path in (CHECKOUT / app).rglob("*.html")
)
# Redoc makes style elements as it runs: the policy of its one page allows them, so it may have one of ours.
WITH_STYLE = {"recsite/templates/recsite/redoc.html"}
STYLES = sorted(path.relative_to(CHECKOUT) for app in PACKAGES for path in (CHECKOUT / app).rglob("*.css"))


def test_there_are_templates_and_styles_to_read() -> None:
    assert TEMPLATES
    assert STYLES


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_a_template_has_no_inline_script_style_or_listener(path: Path) -> None:
    text = (CHECKOUT / path).read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\b(?:src|nonce)=)[^>]*>", text) == []
    if path.as_posix() not in WITH_STYLE:
        assert re.findall(r"<style(?![^>]*\bnonce=)", text) == []
    assert re.findall(r"\sstyle=", text) == []
    assert re.findall(r"\son[a-z]+=", text) == []
    assert "javascript:" not in text


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLES], ids=str)
def test_nothing_is_loaded_from_another_host(path: Path) -> None:
    text = (CHECKOUT / path).read_text(encoding="utf-8")
    assert re.findall(r"(?:src|href|action|url\(|@import)\s*[=(]?\s*[\"']?(?:https?:)?//", text) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_no_template_lets_html_through_unescaped(path: Path) -> None:
    text = (CHECKOUT / path).read_text(encoding="utf-8")
    assert re.findall(r"\|\s*safe\b|autoescape off|\|\s*safeseq\b", text) == []
