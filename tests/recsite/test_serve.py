"""`manage.py serve` as a person runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recsite.env import CHECKOUT

pytestmark = pytest.mark.slow


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(var: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    names = ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--web-workers", "1"]
    variables = {**kept, "RECSITE_VAR": str(var), "DEBUG": "1"}
    with subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.stdout.read()


def read_until(process: subprocess.Popen[str], words: str) -> list[str]:
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if words in line:
            return lines
    raise AssertionError(f"never said {words!r}: {lines}")


def is_ready(port: int) -> bool:
    """Whether the running server finds its database, cache and broker."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            return answer.status == 200
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 503:
            raise
        return False


def find_postgres(var: Path) -> int:
    """The process of the embedded Postgres, or 0 while there is none."""
    try:
        return int((var / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, IndexError):
        return 0


def find_processes(var: Path, port: int) -> list[str]:
    marks = (str(var), f"127.0.0.1:{port}", f"serve-{port}@")
    commands = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            commands.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [command for command in commands if any(mark in command for mark in marks)]


def test_serve_survives_dead_children_and_a_killed_postgres_and_leaves_nothing(tmp_path: Path):
    var, port = tmp_path / "var", find_free_port()
    with serving(var, port) as process:
        lines = read_until(process, "Ctrl-C stops everything")
        assert f"recsite | admin: http://127.0.0.1:{port}/admin/" in lines
        (login,) = [line for line in lines if "login:" in line]
        assert login.startswith("recsite | login: user admin, password ")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/login/") as answer:
            assert answer.status == 200
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        (beat,) = [pid for pid in children if b"beat" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(int(beat), signal.SIGKILL)
        read_until(process, "beat ended with status -9; starts again in 1 s")
        assert is_ready(port)
        killed = find_postgres(var)
        os.kill(killed, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while find_postgres(var) in (killed, 0) or not is_ready(port):
            assert time.monotonic() < deadline, "the database did not come back"
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert read_until(process, "stopped")
        assert process.wait(30) == 0
    assert find_processes(var, port) == []
    with serving(var, port) as process:
        lines = read_until(process, "Ctrl-C stops everything")
        assert "recsite | login: an administrator exists; a new password: manage.py changepassword USER" in lines
        process.terminate()
        assert read_until(process, "stopped")
        assert process.wait(30) == 0
    assert find_processes(var, port) == []


def test_taken_port_is_one_line(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with serving(tmp_path / "var", port) as process:
            output = process.stdout.read()
            assert process.wait(30) == 1
    assert output == f"CommandError: cannot listen on 127.0.0.1 port {port} (Address already in use): try --port\n"
