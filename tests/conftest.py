"""What every test may use: the servers, and the larger data sets where this machine has them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsite.embedded import servers
from recsite.env import CHECKOUT, Environment, read_environment

SHARED_DATA = Path(os.environ.get("RECSITE_SHARED_DATA") or CHECKOUT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def environment() -> Environment:
    """The environment of this test run."""
    return read_environment()


@pytest.fixture(scope="session", autouse=True)
def embedded_servers(environment: Environment) -> Iterator[None]:
    """Postgres and Valkey, up for the whole run unless DATABASE_URL and the like name others."""
    with servers(environment):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(embedded_servers: None) -> None:
    """Has pytest-django make its test database only once the servers are up."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets; tests that read it are marked `shared_data`."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"{SHARED_DATA} is not there (RECSITE_SHARED_DATA names another folder)")
    return SHARED_DATA
