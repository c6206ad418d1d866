"""`manage.py serve`: the web server, a worker and the scheduler, together until Ctrl-C."""

from __future__ import annotations

import http.client
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from recsite.env import CHECKOUT
from recsite.first_login import FirstLogin, make_first_login
from recsite.static_files import collect_static_files
from recsite.supervision import Child, Supervisor

QUEUES = "encode,train,default"
READY_SECONDS = 90.0
QUIET_AS_ROOT = ("-W", "ignore:You're running the worker with superuser privileges")
"""Messages are JSON, never pickle, so that root is no more at risk in a worker than elsewhere."""
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


class Command(BaseCommand):
    """Serves recsite from one machine."""

    help = (
        "Runs the web server, one worker and the scheduler; Ctrl-C stops them all. -v 2 shows each task of the worker."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
        parser.add_argument("--web-workers", type=int, default=2, help="web processes (default: %(default)s)")

    def handle(self, *, host: str, port: int, web_workers: int, verbosity: int = 1, **_: Any) -> None:
        """Prepares the database and the static files, then supervises the three programs."""
        check_port_is_free(host, port)
        call_command("migrate", interactive=False, verbosity=0)
        if not settings.DEBUG:
            collect_static_files(self.stdout.write)
        login = make_first_login()
        connections.close_all()  # the supervisor itself needs none from here on
        children = plan_children(host, port, web_workers=web_workers, worker_log="INFO" if verbosity > 1 else "WARNING")
        supervisor = Supervisor(children, output=sys.stdout)
        supervisor.run(then=lambda: announce(supervisor, host, port, login))
        self.stdout.write("stopped")


def make_celery_command(*arguments: str) -> list[str]:
    """Celery on this checkout, with what follows its name."""
    celery = [sys.executable, *QUIET_AS_ROOT, "-m", "celery", "--quiet", "-A", "recsite", "--workdir", str(CHECKOUT)]
    return [*celery, *arguments]


def plan_children(host: str, port: int, *, web_workers: int, worker_log: str) -> list[Child]:
    """
    The three programs; the worker uses threads, because a forked child that uses torch hangs.

    At INFO the worker tells two lines a task: after an import that is hundreds, and the login scrolls out of sight.
    """
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", str(CHECKOUT / "gunicorn.conf.py"), "--bind", bind]
    worker = ["worker", "--queues", QUEUES, "--pool", "threads", "--concurrency", "2", "--loglevel", worker_log]
    alone = ["--without-gossip", "--without-mingle", "--hostname", f"serve-{port}@%h"]
    return [
        Child("web", [*gunicorn, "--workers", str(web_workers), "--chdir", str(CHECKOUT), "recsite.wsgi"]),
        Child("worker", make_celery_command(*worker, *alone)),
        Child("beat", make_celery_command("beat", "--loglevel", "WARNING")),
    ]


def check_port_is_free(host: str, port: int) -> None:
    """Refuses a taken or impossible address before anything is started."""
    if not 0 < port < 65536:
        raise CommandError(f"--port {port} is no port from 1 to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"cannot listen on {host} port {port} ({error.strerror}): try --port") from None


def announce(supervisor: Supervisor, host: str, port: int, login: FirstLogin | None) -> None:
    """Says where the admin is and how to get in, once the web server answers."""
    answers = wait_for_answer(ANY_ADDRESS.get(host, host), port)
    shown = ANY_ADDRESS.get(host, host)
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/admin/"
    supervisor.say(f"admin: {address}" if answers else f"no answer at {address} yet: see the lines above")
    if login is None:
        supervisor.say("login: an administrator exists; a new password: manage.py changepassword USER")
    else:
        supervisor.say(f"login: user {login.username}, password {login.password} (shown this once)")
    supervisor.say("Ctrl-C stops everything")


def wait_for_answer(host: str, port: int) -> bool:
    """Whether the web server gave any answer in time."""
    deadline = time.monotonic() + READY_SECONDS
    pause = threading.Event()
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, port, timeout=10)
        try:
            connection.request("GET", "/admin/login/", headers={"Host": f"localhost:{port}"})
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            pause.wait(0.2)
        else:
            return True
        finally:
            connection.close()
    return False
