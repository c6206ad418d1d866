"""The demo waits for its worker's work, and not for one that is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError

from recsite.management.commands import demo


def test_a_worker_that_is_gone_is_told_with_its_log(tmp_path: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    worker.wait()
    with pytest.raises(CommandError, match=f"^the worker ended with status 3, see {tmp_path}; another run goes on"):
        demo.wait_for_work(worker, tmp_path)


def test_a_worker_that_runs_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "POLL_SECONDS", 0.01)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as worker:
        demo.wait_for_work(worker, tmp_path)
        assert worker.poll() is None
        worker.kill()
