"""Runs child processes side by side: labels their output, restarts those that die, stops them all together."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TextIO

GRACE_SECONDS = 15.0
STEADY_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 30.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Child:
    """One program that is to run all the time."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 1.0
    due: float | None = None
    """When it is to be started again, on the monotonic clock."""


@dataclass
class Supervisor:
    """Some children, from `run` until a stop signal or `stop`; to be used in the main thread."""

    children: Sequence[Child]
    output: TextIO
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    wishes: queue.SimpleQueue[Child | None] = field(default_factory=queue.SimpleQueue)
    """A child that ended, or None for the wish to stop."""
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def run(self, *, then: Callable[[], None] | None = None) -> None:
        """Starts the children, calls `then` in a thread, and keeps them running until the wish to stop comes."""
        before = {number: signal.signal(number, self._take_signal) for number in STOP_SIGNALS}
        try:
            for child in self.children:
                self._start(child)
            if then is not None:
                threading.Thread(target=then, daemon=True).start()
            self._watch()
        finally:
            self._stop_children()
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Makes `run` return."""
        self.wishes.put(None)

    def say(self, line: str, *, name: str = "recsite") -> None:
        """One labelled line of output."""
        width = max(len(child.name) for child in self.children)
        with self._writing, suppress(OSError, ValueError):  # a closed terminal is no reason to stop
            self.output.write(f"{name.ljust(max(width, 7))} | {line}\n")
            self.output.flush()

    def _take_signal(self, *_: object) -> None:
        self.wishes.put(None)

    def _watch(self) -> None:
        while True:
            due = [child.due for child in self.children if child.due is not None]
            try:
                wish = self.wishes.get(timeout=max(0.0, min(due) - time.monotonic()) if due else None)
            except queue.Empty:
                for child in self.children:
                    if child.due is not None and child.due <= time.monotonic():
                        self._start(child)
                continue
            if wish is None:
                return
            self._plan_restart(wish)

    def _start(self, child: Child) -> None:
        """In a session of its own, so that a terminal's Ctrl-C reaches the supervisor alone."""
        child.due, child.started = None, time.monotonic()
        child.process = subprocess.Popen(
            [*find_death_prefix(), *child.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self.environment, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        for work in (self._follow, self._wait):
            threading.Thread(target=work, args=(child, child.process), daemon=True).start()

    def _follow(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is not None:
            with process.stdout as lines:
                for line in lines:
                    if line.strip():
                        self.say(line.decode(errors="replace").rstrip(), name=child.name)

    def _wait(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self.wishes.put(child)

    def _plan_restart(self, child: Child) -> None:
        now = time.monotonic()
        if now - child.started > STEADY_SECONDS:
            child.pause = 1.0
        code = child.process.returncode if child.process else None
        self.say(f"{child.name} ended with status {code}; starts again in {child.pause:.0f} s")
        child.due = now + child.pause
        child.pause = min(child.pause * 2, LONGEST_PAUSE_SECONDS)

    def _stop_children(self) -> None:
        """Asks first; whoever is left after the grace, or at a second stop signal, is killed with its children."""
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        while any(child.process is not None and child.process.poll() is None for child in self.children):
            try:
                hurried = self.wishes.get(timeout=0.1) is None
            except queue.Empty:
                hurried = False
            if hurried or time.monotonic() > deadline:
                break
        for child in self.children:
            if child.process is not None:
                with suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()


def find_death_prefix() -> tuple[str, ...]:
    """What makes a child end when its supervisor is killed, where this system has it."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM") if setpriv else ()
