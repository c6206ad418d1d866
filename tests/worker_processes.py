"""Real worker processes on the test database, to be killed; fixtures for the tests that need them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

CHECKOUT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0

Spawn = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Starts python with arguments on the test database; whatever still runs at the end is killed."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": str(CHECKOUT),
                "DJANGO_SETTINGS_MODULE": "tests.catalog.worker_settings",
                "RECSITE_TEST_DATABASE": str(connection.settings_dict["NAME"]),
                **variables,
            },
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def wait_until(condition: Callable[[], bool], *, process: subprocess.Popen[str]) -> None:
    """Return once ``condition`` holds; fail where the process ends before, or gets nowhere."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, f"the worker ended with {process.returncode}"
        assert time.monotonic() < deadline, "the worker does not get on"
        time.sleep(0.02)
