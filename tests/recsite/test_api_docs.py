"""The pages that show the API: local files alone, under a strict policy."""

from __future__ import annotations

import re

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client


def test_the_document_is_valid_and_generated_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file="/dev/null")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("page", ["docs", "redoc"])
def test_a_page_loads_nothing_from_elsewhere(page: str) -> None:
    response = Client().get(f"/api/v1/{page}")

    assert response.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    assert addresses
    for address in addresses:
        assert address.startswith("/static/drf_spectacular_sidecar/")
        assert finders.find(address.removeprefix("/static/"))


@pytest.mark.parametrize("page", ["docs", "redoc"])
def test_inline_scripts_run_by_nonce_alone(page: str) -> None:
    response = Client().get(f"/api/v1/{page}")

    policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    nonce = re.search(r"'nonce-([^']+)'", policy["script-src"])
    assert nonce is not None
    inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", response.text)
    assert inline == [f' nonce="{nonce.group(1)}"']
    assert "unsafe" not in policy["script-src"]
    assert policy["default-src"] == "'none'"


def test_other_answers_keep_the_strict_policy() -> None:
    policy = Client().get("/api/v1/schema")["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "nonce" not in policy
