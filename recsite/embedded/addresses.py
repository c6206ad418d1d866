"""Django's and Celery's settings for the embedded servers, known without starting them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from recsite.embedded.places import POSTGRES_PORT, find_places
from recsite.embedded.postgres import DATABASE, USER
from recsite.env import Environment
from recsite.env_values import STEADY_CONNECTIONS


def embedded_database_settings(environment: Environment) -> dict[str, Any]:
    """Django's settings for the embedded Postgres."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": USER,
        "HOST": str(find_places(environment.var).socket_folder),
        "PORT": str(POSTGRES_PORT),
        **STEADY_CONNECTIONS,
        "OPTIONS": {},
    }


def embedded_broker_url(environment: Environment) -> str:
    """Celery's broker in the embedded Valkey."""
    return f"redis+socket://{quote(str(find_places(environment.var).valkey_socket))}?virtual_host=0"


def embedded_cache_url(environment: Environment) -> str:
    """Django's cache in the embedded Valkey, in a database of its own."""
    return f"unix://{quote(str(find_places(environment.var).valkey_socket))}?db=1"
