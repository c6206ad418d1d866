"""The two embedded parts, and what processes tell each other about them through the run folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsite.embedded.errors import EmbeddedError
from recsite.embedded.locks import FileLock
from recsite.embedded.places import Places
from recsite.embedded.postgres import plan_postgres
from recsite.embedded.processes import is_running
from recsite.embedded.server import STOP_SECONDS, ServerPlan
from recsite.embedded.valkey import plan_valkey


@dataclass(frozen=True)
class Part:
    """One embedded server: how to plan it, and where its socket is."""

    name: str
    plan: Callable[[Places], ServerPlan]
    find_socket: Callable[[Places], Path]
    find_marker: Callable[[Places], Path]
    """An argument of the server's command that no other installation's server has."""

    def start_lock(self, places: Places) -> FileLock:
        """Held alone while a process looks whether the server runs and starts or stops it."""
        return FileLock(places.run / f"{self.name}.start.lock")

    def users_lock(self, places: Places) -> FileLock:
        """Shared by the processes that use the server, held alone by a keeper that stops it."""
        return FileLock(places.run / f"{self.name}.users.lock")

    def keeper_lock(self, places: Places) -> FileLock:
        """Held alone by the keeper for as long as it lives."""
        return FileLock(places.run / f"{self.name}.keeper.lock")

    def has_keeper(self, places: Places) -> bool:
        """Whether a keeper lives."""
        lock = self.keeper_lock(places)
        if lock.try_shared():
            lock.release()
            return False
        return True

    def read_state(self, places: Places) -> dict[str, Any]:
        """What the keeper said last."""
        try:
            state: dict[str, Any] = json.loads(self._state_file(places).read_text())
        except (OSError, ValueError):
            return {}
        return state

    def write_state(self, places: Places, *, status: str, message: str, server: int | None = None) -> None:
        """Told at one stroke; the server's pid stays on record until there is a new one."""
        server = server or self.read_state(places).get("server")
        fresh = self._state_file(places).with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"status": status, "message": message, "server": server}))
        fresh.replace(self._state_file(places))

    def answers(self, places: Places) -> bool:
        """Whether something listens on the socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.find_socket(places)))
            except OSError:
                return False
        return True

    def stop_orphan(self, places: Places) -> None:
        """Stops a server whose keeper was killed, so that a new keeper can have it as a child."""
        pid = self.read_state(places).get("server")
        marker = os.fsencode(self.find_marker(places))
        deadline = time.monotonic() + STOP_SECONDS
        while pid and is_running(pid, marker):
            if time.monotonic() > deadline:
                raise EmbeddedError(f"an embedded {self.name} (pid {pid}) that lost its keeper does not stop")
            os.kill(pid, signal.SIGINT)
            time.sleep(0.1)

    def _state_file(self, places: Places) -> Path:
        return places.run / f"{self.name}.state"


PARTS = (
    Part("postgres", plan_postgres, lambda places: places.postgres_socket, lambda places: places.postgres),
    Part("valkey", plan_valkey, lambda places: places.valkey_socket, lambda places: places.valkey_socket),
)


def find_part(name: str) -> Part:
    """The part with this name."""
    return next(part for part in PARTS if part.name == name)
