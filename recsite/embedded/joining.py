"""For programs that others start (gunicorn, Celery): hold servers that run, or stop the start with one line."""

from __future__ import annotations

import sys

from recsite.embedded.errors import EmbeddedError
from recsite.embedded.leases import Lease, join_servers
from recsite.env import Environment


def join_servers_or_exit(environment: Environment) -> list[Lease]:
    """Leases that the caller keeps; when it ends they end."""
    try:
        return join_servers(environment)
    except EmbeddedError as error:
        sys.stderr.write(f"recsite cannot start: {error}\n")
        sys.exit(2)
