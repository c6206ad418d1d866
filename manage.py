#!/usr/bin/env python
"""Runs a command, with the embedded servers up for those that use them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, connection

from recsite.embedded import EmbeddedError, servers
from recsite.env import read_environment

WITHOUT_SERVERS = {
    "check",
    "check_translations",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "spectacular",
    "startapp",
    "startproject",
    "version",
}
INTERRUPTED, TERMINATED = 130, 143


def needs_servers(arguments: Sequence[str]) -> bool:
    """Whether the command that follows the program's name uses the database, the broker or the cache."""
    if not arguments or {"-h", "--help", "--version"} & set(arguments):
        return False
    if any(argument.startswith("--database") for argument in arguments):
        return True
    return arguments[0] not in WITHOUT_SERVERS


def main() -> None:
    """The command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
    # A polite request to end must run what commands do at their end, such as stopping a worker of their own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    environment = read_environment()
    try:
        with servers(environment) if needs_servers(sys.argv[1:]) else nullcontext():
            execute_from_command_line(sys.argv)
    except (EmbeddedError, ImproperlyConfigured) as error:
        sys.stderr.write(f"recsite cannot start: {error}\n")
        sys.exit(2)
    except OperationalError as error:
        if connection.connection is not None:
            raise  # it was reached, and this is something else
        sys.stderr.write(f"recsite cannot reach its database: {str(error).strip().splitlines()[0]}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
