"""Children that print, die, or refuse to stop."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from recsite import supervision
from recsite.supervision import Child, Supervisor


def make_child(name: str, code: str) -> Child:
    return Child(name, [sys.executable, "-c", code])


def run(*children: Child, until: str) -> list[str]:
    """The lines of output, from the start until one of them has the given words."""
    output = io.StringIO()
    supervisor = Supervisor(children, output)

    def stop_when_seen() -> None:
        deadline = time.monotonic() + 20
        while until not in output.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
        supervisor.stop()

    supervisor.run(then=stop_when_seen)
    return output.getvalue().splitlines()


def test_lines_are_labelled_with_the_childs_name():
    code = "import sys, time; print('hello', flush=True); print(flush=True); sys.stderr.write('ünï\\n'); time.sleep(60)"
    lines = run(make_child("scheduler", code), make_child("idle", "import time; time.sleep(60)"), until="ünï")
    assert lines == ["scheduler | hello", "scheduler | ünï"]


def test_child_that_ends_is_started_again_with_longer_and_longer_pauses(monkeypatch):
    lines = run(make_child("job", "raise SystemExit(3)"), until="in 2 s")
    assert lines == [
        "recsite | job ended with status 3; starts again in 1 s",
        "recsite | job ended with status 3; starts again in 2 s",
    ]


def test_stop_ends_every_child():
    children = [make_child(name, "print('up', flush=True); import time; time.sleep(60)") for name in ("a", "b")]
    run(*children, until="b       | up")
    assert [child.process.poll() for child in children] == [-15, -15]


def test_child_that_ignores_the_request_is_killed_with_its_children(monkeypatch):
    monkeypatch.setattr(supervision, "GRACE_SECONDS", 0.3)
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "grandchild = subprocess.Popen(['sleep', '60'])\n"
        "print('grandchild', grandchild.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    child = make_child("deaf", code)
    lines = run(child, until="grandchild")
    assert child.process.returncode == -9
    grandchild = int(lines[0].rpartition(" ")[2])
    deadline = time.monotonic() + 5
    while is_alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(grandchild)


def test_interrupt_stops_the_children_and_is_handled_as_before_afterwards():
    before = signal.getsignal(signal.SIGINT)
    child = make_child("job", "import time; time.sleep(60)")
    supervisor = Supervisor([child], io.StringIO())
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    supervisor.run()
    assert child.process.returncode == -15
    assert signal.getsignal(signal.SIGINT) is before


def test_closed_output_is_no_reason_to_stop():
    output = io.StringIO()
    supervisor = Supervisor([make_child("job", "")], output)
    output.close()
    supervisor.say("nobody hears this")


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as status:
            return status.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_children_end_when_their_supervisor_is_killed():
    if not supervision.find_death_prefix():
        pytest.skip("this system has no setpriv")
    code = (
        "import io, sys\n"
        "from recsite.supervision import Child, Supervisor\n"
        "Supervisor([Child('job', ['sh', '-c', 'echo pid $$; exec sleep 60'])], sys.stdout).run()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline().rpartition(" ")[2])  # said by the job itself, so its prefix is through
        assert is_alive(pid)
        parent.kill()
    deadline = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(pid)
