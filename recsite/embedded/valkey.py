"""The embedded Valkey: broker and cache on one unix socket."""

from __future__ import annotations

import signal
import socket

from recsite.embedded.accounts import find_prefix, make_owned_folder
from recsite.embedded.places import Places
from recsite.embedded.programs import find_valkey_program
from recsite.embedded.server import ServerPlan
from recsite.embedded.sockets import make_socket_folder

OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "save": "60 1",
    "appendonly": "no",
    "maxmemory-policy": "noeviction",
}


def plan_valkey(places: Places) -> ServerPlan:
    """How to run the embedded Valkey of an installation."""
    program = find_valkey_program()
    make_owned_folder(places.valkey, places)
    prefix = find_prefix(places, program=program, readable=program, folder=places.valkey)
    options = [part for name, value in OPTIONS.items() for part in (f"--{name}", value)]
    return ServerPlan(
        name="Valkey",
        command=[*prefix, str(program), *options, "--unixsocket", str(places.valkey_socket)],
        folder=places.valkey,
        log=places.log / "valkey.log",
        prepare=lambda: make_socket_folder(places),
        is_ready=lambda pid: _is_ready(places),
        stop_signals=(signal.SIGTERM,),
    )


def _is_ready(places: Places) -> bool:
    """It says LOADING, not PONG, until the saved data is in memory."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(places.valkey_socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False
