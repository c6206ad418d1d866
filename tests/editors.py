"""An editor who is signed in to the admin, and what the editor's pages say."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def editor(client: Client, db: None) -> Client:
    """A client signed in as a superuser."""
    client.force_login(User.objects.create_superuser("editor"))
    return client


def read_text(response: Any) -> str:
    """The text of a page, without tags, spaces run together."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))
