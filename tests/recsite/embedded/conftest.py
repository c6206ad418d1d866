"""Installations of the tests' own, and processes that use their servers."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from recsite.embedded.places import Places, find_places
from recsite.env import Environment

HOLD = """
import sys
from recsite.embedded import servers
from recsite.env import read_environment
with servers(read_environment()):
    print("up", flush=True)
    sys.stdin.read()
"""


@dataclasses.dataclass
class Installation:
    """A var folder and what may be asked of it."""

    environment: Environment

    @property
    def places(self) -> Places:
        return find_places(self.environment.var)

    def variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BROKER_URL")}
        kept["RECSITE_VAR"] = str(self.environment.var)
        if self.environment.database is not None:
            kept.update(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", SECRET_KEY="k" * 40)
        if self.environment.broker_url is not None:
            kept.update(BROKER_URL="memory://", CACHE_URL="locmem://")
        return kept

    @contextmanager
    def hold(self, prefix: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[bytes]]:
        """A process that uses the servers until its standard input is closed."""
        process = subprocess.Popen(
            [*prefix, sys.executable, "-c", HOLD],
            env=self.variables(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        with process:
            try:
                assert process.stdout.readline() == b"up\n"
                yield process
            finally:
                if process.poll() is None:
                    process.stdin.close()
                    process.wait(60)

    def find_processes(self) -> dict[int, str]:
        """Live processes whose command names this installation's folders."""
        found = {}
        marks = [os.fsencode(path) for path in (self.places.var, self.places.socket_folder)]
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if any(mark in command for mark in marks):
                found[int(entry.name)] = command.replace(b"\0", b" ").decode()
        return found

    def find_pid(self, word: str) -> int:
        """The process whose command has this word: the oldest, as a child has it too until it takes a title."""
        return min(pid for pid, command in self.find_processes().items() if word in command)

    def query(self, statement: str) -> list[tuple[object, ...]]:
        socket_folder = str(self.places.socket_folder)
        with psycopg.connect(host=socket_folder, user="recsite", dbname="recsite") as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def make_installation(tmp_path: Path, environment: Environment) -> Iterator[Callable[..., Installation]]:
    """Makes installations under the test's folder; afterwards none of them may run a process."""
    made = []

    def make(name: str = "var", *, postgres: bool = True, valkey: bool = True) -> Installation:
        other = "locmem://"
        installation = Installation(
            dataclasses.replace(
                environment,
                var=tmp_path / name,
                database=None if postgres else {"NAME": "elsewhere"},
                broker_url=None if valkey else "memory://",
                cache_url=None if valkey else other,
            )
        )
        made.append(installation)
        return installation

    yield make
    for installation in made:
        left = installation.find_processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert left == {}


def wait_for(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    """Waits until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true"
        time.sleep(0.02)


@pytest.fixture(name="wait_for")
def wait_for_fixture() -> Callable[..., None]:
    return wait_for
