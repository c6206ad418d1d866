"""One server program as a child process: start until ready, watch, stop."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recsite.embedded.errors import EmbeddedError
from recsite.ownership import give_to_folder_owner

START_SECONDS = 60.0
STOP_SECONDS = 60.0
RETRY_SECONDS = 0.5
POLL_SECONDS = 0.02
LARGEST_LOG_BYTES = 20_000_000


@dataclass(frozen=True, kw_only=True)
class ServerPlan:
    """How to run one server; `prepare` may be called again and again, before each start."""

    name: str
    command: Sequence[str]
    folder: Path
    log: Path
    prepare: Callable[[], None]
    is_ready: Callable[[int], bool]
    stop_signals: tuple[signal.Signals, ...]


def start_server(plan: ServerPlan) -> subprocess.Popen[bytes]:
    """Starts it and waits until it answers; tries again for a while, since a killed one may still hold its memory."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        plan.prepare()
        process = _spawn(plan)
        try:
            while process.poll() is None and time.monotonic() < deadline:
                if plan.is_ready(process.pid):
                    return process
                time.sleep(POLL_SECONDS)
        except BaseException:
            stop_server(plan, process)
            raise
        if process.poll() is None:
            stop_server(plan, process)
            raise EmbeddedError(f"the embedded {plan.name} was not ready after {START_SECONDS:.0f} s: see {plan.log}")
        if time.monotonic() > deadline - START_SECONDS / 2:
            raise EmbeddedError(f"the embedded {plan.name} does not start ({read_last_line(plan.log)}): see {plan.log}")
        time.sleep(RETRY_SECONDS)


def stop_server(plan: ServerPlan, process: subprocess.Popen[bytes]) -> None:
    """Stops it politely, then less politely."""
    for number in (*plan.stop_signals, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue


def read_last_line(log: Path) -> str:
    """The last line of a log, for an error message."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    fatal = [line for line in lines[-20:] if "FATAL" in line]
    return (fatal or lines or ["no log"])[-1].strip()


def _spawn(plan: ServerPlan) -> subprocess.Popen[bytes]:
    if plan.log.exists() and plan.log.stat().st_size > LARGEST_LOG_BYTES:
        plan.log.replace(plan.log.with_suffix(".1.log"))
    with plan.log.open("ab") as log:
        give_to_folder_owner(plan.log)
        return subprocess.Popen(
            plan.command,
            cwd=plan.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=make_server_environment(),
            start_new_session=True,
        )


def make_server_environment() -> dict[str, str]:
    """What a server or initdb is told of this process's environment: no secret, no PG* variable, no locale surprise."""
    kept = ("PATH", "LD_LIBRARY_PATH", "TZDIR")
    return {"LC_ALL": "C", **{name: os.environ[name] for name in kept if name in os.environ}}
