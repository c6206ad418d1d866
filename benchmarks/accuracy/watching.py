"""Runs a program in a process of its own, watches its memory, and says how it ended."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy.machine import GIB, read_memory

_FIRST_POLL_SECONDS = 0.002
_POLL_SECONDS = 0.1
_LAST_LINES = 3


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended: ``error`` is empty where all went well; ``peak_bytes`` is the most memory it held."""

    error: str
    peak_bytes: int
    seconds: float


def run_watched(
    command: Sequence[str],
    *,
    log_path: Path,
    memory_limit: int,
    on_line: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
    time_limit: float | None = None,
    own_group: bool = True,
) -> Ending:
    """Run ``command`` to its end, or stop it where it holds more than ``memory_limit`` bytes or takes too long.

    Lines of its standard output go to ``on_line``, its standard error to ``log_path``. In a group of its own, an
    interrupt from the keyboard reaches only this process; what interrupts this call kills the program and
    all that it has started. Its standard input ends when this process is gone, however that happens.
    """
    begun = time.perf_counter()
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=None if environment is None else {**os.environ, **environment},
            start_new_session=own_group,
        )
        reader = threading.Thread(target=_read_lines, args=(process, on_line), daemon=True)
        reader.start()
        try:
            peak, stopped = _watch(process, memory_limit, time_limit)
        finally:
            _kill(process, own_group=own_group)
            reader.join(timeout=5)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
    error = stopped or _tell(process, log_path)
    return Ending(error=error, peak_bytes=peak, seconds=time.perf_counter() - begun)


def _watch(process: "subprocess.Popen[bytes]", memory_limit: int, time_limit: float | None) -> tuple[int, str]:
    """Wait for the end; return the peak, and why the program has to be stopped, if it has."""
    peak = 0
    pause = _FIRST_POLL_SECONDS  # short at first: a program that ends at once is to be seen at its full size, too
    begun = time.monotonic()
    while True:
        now, highest = read_memory(process.pid)
        peak = max(peak, highest)
        if now > memory_limit:
            return peak, f"stopped: it held more than {memory_limit / GIB:.1f} GiB"
        if time_limit is not None and time.monotonic() - begun > time_limit:
            return peak, f"stopped after {time_limit / 60:g} minutes"
        try:
            process.wait(pause)
        except subprocess.TimeoutExpired:
            pause = min(2 * pause, _POLL_SECONDS)
            continue
        return peak, ""


def _kill(process: "subprocess.Popen[bytes]", *, own_group: bool) -> None:
    if process.poll() is None:
        if own_group:
            os.killpg(process.pid, signal.SIGKILL)  # those that it has started, too
        else:
            process.kill()
        process.wait()


def _read_lines(process: "subprocess.Popen[bytes]", on_line: Callable[[str], None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        on_line(line.decode("utf-8", "replace").rstrip("\n"))


def _tell(process: "subprocess.Popen[bytes]", log_path: Path) -> str:
    code = process.returncode
    if code == 0:
        return ""
    if code == -signal.SIGKILL:
        return "killed (SIGKILL): the system may have run out of memory"
    ending = f"killed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"
    lines = [line for line in log_path.read_text("utf-8", "replace").splitlines() if line.strip()]
    return ": ".join([ending, " / ".join(lines[-_LAST_LINES:])]) if lines else ending
