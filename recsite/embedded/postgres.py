"""The embedded Postgres: makes its data folder once, knows how to run it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from recsite.embedded.accounts import find_prefix, make_owned_folder
from recsite.embedded.errors import EmbeddedError
from recsite.embedded.places import POSTGRES_PORT, Places
from recsite.embedded.processes import is_running
from recsite.embedded.programs import PostgresPrograms, find_postgres_programs
from recsite.embedded.server import ServerPlan, make_server_environment
from recsite.embedded.sockets import make_socket_folder

DATABASE = USER = "recsite"
SETTINGS = {
    "listen_addresses": "",
    "port": str(POSTGRES_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "synchronous_commit": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
SHARED_MEMORY_NEEDED = 1 << 30


def plan_postgres(places: Places) -> ServerPlan:
    """How to run the embedded Postgres of an installation; makes the data folder when there is none."""
    programs = find_postgres_programs()
    if not places.postgres.exists():
        _make_data_folder(places, programs)
    data = places.postgres
    if places.uid != data.stat().st_uid:
        raise EmbeddedError(
            f"{data} belongs to another user: run as that user, or set RECSITE_VAR to a folder of yours"
        )
    settings = {
        **SETTINGS,
        "unix_socket_directories": str(places.socket_folder),
        "dynamic_shared_memory_type": _choose_shared_memory(),
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    prefix = find_prefix(places, program=programs.postgres, readable=programs.template, folder=data)

    def prepare() -> None:
        make_socket_folder(places)
        remove_stale_pid(data)

    return ServerPlan(
        name="Postgres",
        command=[*prefix, str(programs.postgres), "-D", str(data), *options],
        folder=data,
        log=places.log / "postgres.log",
        prepare=prepare,
        is_ready=lambda pid: _is_ready(data, pid),
        stop_signals=(signal.SIGINT, signal.SIGQUIT),
    )


def remove_stale_pid(data: Path) -> None:
    """
    Removes a postmaster.pid left by a power cut or a restarted container, whose number another program has by now.

    Postgres clears the file itself unless some live process of the same user has that number.
    """
    pid = _read_pid(data)
    if pid and Path(f"/proc/{pid}").exists() and not is_running(pid, os.fsencode(data)):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _make_data_folder(places: Places, programs: PostgresPrograms) -> None:
    """Made beside its place and moved there when complete, so that an interrupted start leaves nothing half-made."""
    fresh = places.var / "postgres.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    make_owned_folder(fresh, places)
    prefix = find_prefix(places, program=programs.initdb, readable=programs.template, folder=fresh)
    options = ["--username", USER, "--encoding", "UTF8", "--locale", "C.UTF-8", "--auth", "trust"]
    _run([*prefix, str(programs.initdb), "--pgdata", str(fresh), *options], folder=fresh)
    single = [*prefix, str(programs.postgres), "--single", "-D", str(fresh), "template1"]
    _run(single, folder=fresh, text=f"CREATE DATABASE {DATABASE}\n")
    os.rename(fresh, places.postgres)


def _run(command: list[str], *, folder: Path, text: str = "") -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        env=make_server_environment(),
        start_new_session=True,
        check=False,
    )
    if done.returncode or "ERROR" in done.stderr:
        lines = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
        raise EmbeddedError(f"the embedded Postgres cannot be set up: {lines[-1].strip()}")


def _read_pid(data: Path) -> int | None:
    try:
        return abs(int((data / "postmaster.pid").read_text().split("\n", 1)[0]))
    except (OSError, ValueError):
        return None


def _is_ready(data: Path, pid: int) -> bool:
    """As pg_ctl does it: the pid file's eighth line tells the state."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _choose_shared_memory() -> str:
    """Containers have a /dev/shm of 64 MB, which a parallel index build overruns; files never do."""
    try:
        status = os.statvfs("/dev/shm")  # only its size is read
    except OSError:
        return "mmap"
    return "posix" if status.f_bavail * status.f_frsize >= SHARED_MEMORY_NEEDED else "mmap"
