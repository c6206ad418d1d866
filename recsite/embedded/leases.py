"""Using the embedded servers: started by the first process that needs them, stopped after the last."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from recsite.embedded.errors import EmbeddedError
from recsite.embedded.locks import FileLock
from recsite.embedded.parts import PARTS, Part
from recsite.embedded.places import Places, find_places
from recsite.embedded.sockets import remove_socket_folder
from recsite.env import CHECKOUT, Environment
from recsite.ownership import give_to_folder_owner, make_folder

READY_SECONDS = 150.0
POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Lease:
    """This process's hold on one running server."""

    part: Part
    places: Places
    lock: FileLock

    def release(self) -> None:
        """Lets go; the last one waits until the server has stopped."""
        with self.part.start_lock(self.places).alone():
            self.lock.release()
            if not self._has_other_users():
                with self.part.keeper_lock(self.places).alone():
                    self.part.stop_orphan(self.places)  # nothing to stop, unless the keeper was killed
                    remove_socket_folder(self.places)

    def _has_other_users(self) -> bool:
        """Not so either when the keeper has already got the lock, to stop the server."""
        if self.lock.try_alone():
            self.lock.release()
            return False
        shared = self.lock.try_shared()
        self.lock.release()
        return shared


@contextmanager
def servers(environment: Environment) -> Iterator[None]:
    """Runs the embedded servers that the environment has no URL for, for the length of a block."""
    with ExitStack() as stack:
        places = find_places(environment.var)
        # Both are started before either is awaited.
        leases = [stack.enter_context(_hold(part, places)) for part in find_needed_parts(environment)]
        for lease in leases:
            _wait_until_ready(lease)
        yield


def join_servers(environment: Environment) -> list[Lease]:
    """Leases on servers that another process has started, for a process that must not start them itself."""
    places = find_places(environment.var)
    leases: list[Lease] = []
    for part in find_needed_parts(environment):
        lock = part.users_lock(places)
        if not (places.run.exists() and part.has_keeper(places) and lock.try_shared() and part.answers(places)):
            raise EmbeddedError(
                f"the embedded {part.name} does not run: start `manage.py serve`, or set {URL_NAMES[part.name]}"
            )
        leases.append(Lease(part, places, lock))
    return leases


URL_NAMES = {"postgres": "DATABASE_URL", "valkey": "BROKER_URL and CACHE_URL"}


def find_needed_parts(environment: Environment) -> list[Part]:
    """The embedded parts that no URL replaces."""
    needed = {
        "postgres": environment.database is None,
        "valkey": environment.broker_url is None or environment.cache_url is None,
    }
    return [part for part in PARTS if needed[part.name]]


@contextmanager
def _hold(part: Part, places: Places) -> Iterator[Lease]:
    lease = Lease(part, places, part.users_lock(places))
    try:
        try:
            _prepare_run_folders(places)
            with part.start_lock(places).alone():
                lease.lock.take_shared()
                if not part.has_keeper(places):
                    _spawn_keeper(part, places)
        except OSError as error:
            raise EmbeddedError(f"RECSITE_VAR: {places.var} cannot be written ({error.strerror})") from None
        yield lease
    finally:
        if lease.lock.is_open:
            lease.release()


def _prepare_run_folders(places: Places) -> None:
    for folder in (places.run, places.log):
        make_folder(folder)


def _spawn_keeper(part: Part, places: Places) -> None:
    part.write_state(places, status="starting", message="")
    command = [sys.executable, "-m", "recsite.embedded.keeper", part.name, str(places.var)]
    # It outlives this process, so that a pipe which somebody reads to its end must not stay open in it.
    with places.keeper_log.open("ab") as log:
        give_to_folder_owner(places.keeper_log)
        done = subprocess.run(
            command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, check=False
        )
    if done.returncode:
        raise EmbeddedError(f"the keeper of the embedded {part.name} does not start: see {places.keeper_log}")


def _wait_until_ready(lease: Lease) -> None:
    deadline = time.monotonic() + READY_SECONDS
    part, places = lease.part, lease.places
    while time.monotonic() < deadline:
        state = part.read_state(places)
        if state.get("status") == "ready" and part.answers(places):
            return
        if not part.has_keeper(places) and (state := part.read_state(places)).get("status") != "starting":
            raise EmbeddedError(state.get("message") or f"the embedded {part.name} was stopped: see {places.log}")
        time.sleep(POLL_SECONDS)
    raise EmbeddedError(f"the embedded {part.name} was not ready after {READY_SECONDS:.0f} s: see {places.log}")
