"""The first administrator of an installation: made with a password that is shown once and kept nowhere."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from django.contrib.auth import get_user_model
from django.db import transaction


@dataclass(frozen=True)
class FirstLogin:
    """A user name and its password."""

    username: str
    password: str = field(repr=False)


def make_first_login() -> FirstLogin | None:
    """The login made just now, or None where an administrator who can sign in exists."""
    users = get_user_model().objects
    with transaction.atomic():
        if users.filter(is_superuser=True, is_active=True).exists():
            return None
        username = "admin"
        while users.filter(username=username).exists():
            username = f"admin-{secrets.token_hex(2)}"
        password = secrets.token_urlsafe(12)
        users.create_superuser(username, password=password)
    return FirstLogin(username, password)
