"""
The process that keeps one embedded server: `python -m recsite.embedded.keeper PART VAR`.

It leaves the session of whoever started it, starts the server, restarts one that died, and stops it once no process
holds the users' lock any more, however the last of them ended.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from recsite.embedded.errors import EmbeddedError
from recsite.embedded.parts import Part, find_part
from recsite.embedded.places import Places, find_places
from recsite.embedded.server import ServerPlan, start_server, stop_server
from recsite.embedded.sockets import remove_socket_folder

LONGEST_PAUSE_SECONDS = 30.0
logger = logging.getLogger("recsite.embedded.keeper")


@dataclass
class Keeper:
    """One server and the wish to stop it."""

    part: Part
    places: Places
    wishes: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)

    def keep(self) -> None:
        """Runs until nobody uses the server; a first start that fails is told in the state file."""
        try:
            self.part.stop_orphan(self.places)
            plan = self.part.plan(self.places)
            first = start_server(plan)
        except (EmbeddedError, OSError) as error:
            self.part.write_state(self.places, status="failed", message=str(error))
            return
        self._announce(first)
        self._start_thread(self._wait_until_unused)
        server: subprocess.Popen[bytes] | None = first
        while server is not None and self._wait_for_death(server):
            logger.warning("%s (pid %d) died with status %s", plan.name, server.pid, server.returncode)
            self.part.write_state(self.places, status="restarting", message="")
            server = self._restart(plan)
        self.part.write_state(self.places, status="stopping", message="")
        if server is not None:
            stop_server(plan, server)
        remove_socket_folder(self.places)
        logger.info("%s stopped", plan.name)

    def _announce(self, server: subprocess.Popen[bytes]) -> None:
        self.part.write_state(self.places, status="ready", message="", server=server.pid)
        logger.info("%s runs as pid %d", self.part.name, server.pid)

    def _wait_for_death(self, server: subprocess.Popen[bytes]) -> bool:
        """True when the server died, False when it is to stop."""

        def tell() -> None:
            server.wait()
            self.wishes.put("died")

        self._start_thread(tell)
        return self.wishes.get() == "died"

    def _restart(self, plan: ServerPlan) -> subprocess.Popen[bytes] | None:
        """The server started anew, with longer and longer pauses; None when it is to stop meanwhile."""
        pause = 0.5
        while True:
            try:
                server = start_server(plan)
            except (EmbeddedError, OSError) as error:
                logger.error("%s", error)
            else:
                self._announce(server)
                return server
            try:
                self.wishes.get(timeout=pause)
            except queue.Empty:
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                return None

    def _wait_until_unused(self) -> None:
        self.part.users_lock(self.places).take_alone()
        self.wishes.put("unused")

    @staticmethod
    def _start_thread(work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()


def main(arguments: list[str]) -> None:
    """Leaves the caller's session and keeps the server."""
    part, places = find_part(arguments[0]), find_places(Path(arguments[1]))
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    lock = part.keeper_lock(places)
    lock.take_alone()
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    keeper = Keeper(part, places)
    signal.signal(signal.SIGTERM, lambda *_: keeper.wishes.put("stop"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    keeper.keep()


if __name__ == "__main__":
    main(sys.argv[1:])
