"""Makes the rows of a report one after another, each in a process of its own."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.accuracy.peers import SCRIPTS, Peer, PeerUnavailable, install_peer
from benchmarks.accuracy.watching import run_watched

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PEER_MINUTES = 30.0


@dataclass(frozen=True, slots=True)
class RowMaker:
    """What all rows have in common; ``folder`` holds the data.

    ``show`` hears of the stage that a row is in, ``report`` of what is worth a line.
    """

    folder: Path
    protocol: str
    folds: int
    seed: int
    memory_limit: int
    budget_seconds: float
    limit_seconds: float | None
    show: Callable[[str], None]
    report: Callable[[str], None]

    def make_row(self, learner: str) -> dict[str, Any]:
        """Return the row of a learner, with an ``error`` instead of figures where it did not come to an end."""
        return self._run(learner, learner=learner, peer=None, limit_seconds=self._limit_learner(learner))

    def make_peer_rows(self, peer: Peer, cache: Path) -> Iterator[dict[str, Any]]:
        """Yield the rows of a peer's models; one row that says why, where it does not install."""
        try:
            python = install_peer(peer, cache, tell=self.report)
        except PeerUnavailable as error:
            yield {"name": peer.name, "error": str(error)}
            return
        limit = self.limit_seconds or PEER_MINUTES * 60
        for model in peer.list_models(self.protocol):
            asked = {"python": str(python), "script": str(SCRIPTS / peer.script), "model": model}
            yield self._run(f"{peer.name} {model}", learner="", peer=asked, limit_seconds=limit)

    def _limit_learner(self, learner: str) -> float | None:
        """The automatic choice keeps to its budget by itself."""
        return None if learner == "auto" else self.limit_seconds

    def _run(self, name: str, **asked: Any) -> dict[str, Any]:
        result = self.folder / "row.json"
        result.unlink(missing_ok=True)
        job = {
            "folder": str(self.folder),
            "result": str(result),
            "protocol": self.protocol,
            "folds": self.folds,
            "seed": self.seed,
            "memory_limit": self.memory_limit,
            "budget_seconds": self.budget_seconds,
            **asked,
        }
        job_path = self.folder / "row-job.json"
        job_path.write_text(json.dumps(job), "utf-8")
        ending = run_watched(
            [sys.executable, "-m", "benchmarks.accuracy.row_process", str(job_path)],
            log_path=self.folder / "row-log.txt",
            memory_limit=self.memory_limit,
            on_line=lambda line: self._show_line(name, line),
            environment={"PYTHONPATH": str(CHECKOUT)},
        )
        if ending.error:
            return {"name": name, "error": ending.error, "peak_memory_bytes": ending.peak_bytes}
        return {"name": name, **json.loads(result.read_text("utf-8"))}

    def _show_line(self, name: str, line: str) -> None:
        try:
            told = json.loads(line)
            if "report" in told:
                self.report(f"{name}: {told['report']}")
                return
            self.show(f"{name}: {told['stage']}, {told['fraction']:.0%}")
        except (ValueError, TypeError, KeyError):
            return  # a library that prints
