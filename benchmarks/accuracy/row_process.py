"""The process of one row: fits one learner to every run of a protocol, measures it, and writes the row.

``python -m benchmarks.accuracy.row_process JOB`` is started by ``benchmarks.accuracy.rows``. A process of its own, so
that its memory is its own, and so is its death.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

from benchmarks.accuracy.fitted import AutoCandidate, Candidate, LearnerCandidate, find_learner, limit_time
from benchmarks.accuracy.machine import GIB, read_own_peak
from benchmarks.accuracy.measuring import Measures, measure_split
from benchmarks.accuracy.peer_fits import PeerCandidate, PeerFailed
from benchmarks.accuracy.protocols import PROTOCOLS, Protocol, keeps_seen
from benchmarks.accuracy.rating_choice import RatingChoice, hide_values
from benchmarks.accuracy.scratch_data import add_content, load_dataset
from benchmarks.accuracy.summary import sum_up_run, sum_up_runs
from recommender.learners import TrainingCancelled
from recommender.training.dataset import InteractionDataset

AUTO = "auto"


class Refused(Exception):
    """The row is not made; the message says why."""


def main() -> None:
    """Make the row of the job file named on the command line."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
    django.setup()
    try:
        row = make_row(job, tell=_tell)
    except Refused as error:
        row = {"error": str(error)}
    except TrainingCancelled:
        row = {"error": f"not fitted within {job['limit_seconds'] / 60:g} minutes"}
    except PeerFailed as error:
        row = {"error": str(error)}
    except MemoryError as error:
        row = {"error": f"out of memory: {error}"}
    Path(job["result"]).write_text(json.dumps(row, allow_nan=False), "utf-8")


def make_row(job: dict[str, Any], *, tell: Callable[[str, float], None]) -> dict[str, Any]:
    """Return the figures of the row that ``job`` describes; ``tell`` hears of the stages and how far each is.

    Raises:
        Refused: it takes more memory than there is.
        TrainingCancelled: it takes more time than was given.
    """
    folder = Path(job["folder"])
    protocol = PROTOCOLS[job["protocol"]]
    dataset = load_dataset(folder, "train")
    assert dataset is not None
    candidate = _make_candidate(job, protocol, dataset)
    _check_memory(candidate, job, (len(dataset.item_ids), len(dataset.profile_ids), len(dataset)))
    dataset = add_content(dataset, folder)
    keep_seen = keeps_seen(protocol, dataset)
    until = time.monotonic() + (job["limit_seconds"] or float("inf"))
    runs: list[dict[str, Any]] = []
    measured: list[Measures] = []
    options: Any = {}
    for run in protocol.make_runs(dataset, load_dataset(folder, "test"), job["seed"], job["folds"]):
        begun = time.perf_counter()
        place = f"{run.name}: " if protocol.runs > 1 else ""
        fitting = limit_time(_name(tell, f"{place}fitting"), until=until, clock=time.monotonic)
        fitted = candidate.fit(run, keep_seen=keep_seen, progress=fitting)
        fit_seconds = time.perf_counter() - begun
        measures = measure_split(
            fitted, run.split, protocol, keep_seen=keep_seen, progress=_name(tell, f"{place}scoring")
        )
        score_seconds = time.perf_counter() - begun - fit_seconds
        measured.append(measures)
        options = dict(fitted.options)
        fit_seconds, score_seconds = options.pop("seconds", (fit_seconds, score_seconds))
        runs.append(
            {
                "name": run.name,
                "metrics": sum_up_run(run, measures),
                "cases": len(run.split.cases),
                "fit_seconds": fit_seconds,
                "score_seconds": score_seconds,
            }
        )
    row = sum_up_runs(protocol, [run["metrics"] for run in runs], measured, seed=job["seed"])
    for name in ("fit_seconds", "score_seconds"):
        row[name] = sum(run[name] for run in runs) / len(runs)
    row["peak_memory_bytes"] = options.pop("peak_bytes", None) or read_own_peak()
    row["options"] = options
    row["keep_seen"] = keep_seen
    return row | ({"runs": runs} if protocol.runs > 1 else {"cases": runs[0]["cases"]})


def _make_candidate(job: dict[str, Any], protocol: Protocol, dataset: InteractionDataset) -> Candidate:
    if job["peer"]:
        return PeerCandidate(job["peer"], Path(job["folder"]), protocol, job["memory_limit"], job["limit_seconds"])
    if job["learner"] == AUTO:
        budget = job["budget_seconds"] / protocol.runs
        if protocol.rates:
            return RatingChoice(hide_values(dataset), budget, report=_report)
        return AutoCandidate(protocol.time_ordered, budget, job["memory_limit"], report=_report)
    component = find_learner(job["learner"])
    if bool(getattr(component, "predicts_ratings", False)) is not protocol.rates:
        raise Refused("predicts no ratings" if protocol.rates else "predicts ratings and ranks nothing")
    return LearnerCandidate(component, protocol.time_ordered, _share(job["limit_seconds"], protocol.runs))


def _share(seconds: float | None, runs: int) -> float | None:
    return None if seconds is None else seconds / runs


def _check_memory(candidate: Candidate, job: dict[str, Any], counts: tuple[int, int, int]) -> None:
    needed = candidate.estimate_bytes(*counts)
    if needed is not None and needed > job["memory_limit"]:
        raise Refused(
            f"not started: it needs an estimated {needed / GIB:.1f} GiB, of {job['memory_limit'] / GIB:.1f} GiB"
        )


def _name(tell: Callable[[str, float], None], stage: str) -> Callable[[float], None]:
    return lambda fraction: tell(stage, fraction)


def _report(text: str) -> None:
    print(json.dumps({"report": text}), flush=True)


def _tell(stage: str, fraction: float) -> None:
    print(json.dumps({"stage": stage, "fraction": round(fraction, 4)}), flush=True)


def _end_with_parent() -> None:
    """End at once when standard input ends: whoever started this is gone."""
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
