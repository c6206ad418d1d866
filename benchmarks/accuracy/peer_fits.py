"""Runs a peer's script on a split, and reads its lists or ratings as scores that our code measures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.fitted import Fitted, ListsFitted
from benchmarks.accuracy.protocols import Protocol, Run
from benchmarks.accuracy.watching import run_watched
from recommender.evaluation.cases import Cases
from recommender.learners import Progress
from recommender.training.dataset import InteractionDataset

DEPTH = 200
"""Length of the lists that peers are asked for: a target further down counts as not found."""


class PeerFailed(Exception):
    """A peer's script did not answer; the message says why."""


@dataclass(frozen=True, slots=True)
class PeerCandidate:
    """One model of a peer. ``peer`` has its ``python``, ``script`` and ``model``; files go below ``folder``."""

    peer: Mapping[str, str]
    folder: Path
    protocol: Protocol
    memory_limit: int
    limit_seconds: float | None

    def estimate_bytes(self, items: int, profiles: int, interactions: int) -> int | None:
        """Return None: a peer does not say."""
        return None

    def fit(self, run: Run, *, keep_seen: bool, progress: Progress) -> Fitted:
        """Run the script to its end.

        Raises:
            PeerFailed: it died, or was stopped for its memory or its time.
        """
        progress(0.0)
        folder = self.folder / "peer"
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        write_job(run, folder, keep_seen=keep_seen, rates=self.protocol.rates)
        ending = run_watched(
            [self.peer["python"], self.peer["script"], str(folder), self.peer["model"]],
            log_path=folder / "log.txt",
            memory_limit=self.memory_limit,
            on_line=lambda line: None,
            time_limit=self.limit_seconds,
            own_group=False,
        )
        if ending.error:
            raise PeerFailed(ending.error)
        figures = json.loads((folder / "figures.json").read_text("utf-8"))
        with np.load(folder / "answer.npz", allow_pickle=False) as arrays:
            answer = dict(arrays)
        options = {
            "defaults": figures["options"],
            "version": figures["version"],
            "seconds": (figures["fit_seconds"], figures["score_seconds"]),
            "peak_bytes": ending.peak_bytes,
        }
        if self.protocol.rates:
            return RatingsFitted(answer["ratings"], options)
        lists, items = answer["items"], len(run.split.train.item_ids)
        if lists.max(initial=-1) >= items:
            raise PeerFailed(f"answered with item {lists.max()} where there are {items}")
        return ListsFitted(lists, options)


@dataclass(frozen=True, slots=True)
class RatingsFitted:
    """The ratings (t,) that a script has answered for the targets of all cases."""

    ratings: NDArray[np.float32]
    options: Mapping[str, Any]

    def score(self, cases: Cases, batch: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the ratings at the targets, and nothing elsewhere."""
        scores = np.full((len(batch), len(cases.histories.item_ids)), np.nan, dtype=np.float32)
        targets = cases.targets
        for row, case in enumerate(batch.tolist()):
            part = slice(targets.offsets[case], targets.offsets[case + 1])
            scores[row, targets.items[part]] = self.ratings[part]
        return scores


def write_job(run: Run, folder: Path, *, keep_seen: bool, rates: bool) -> None:
    """Write what a script may know of a run: what to learn from, the histories of the cases, and no targets.

    To predict ratings, the pairs are told, and not their ratings.
    """
    train, cases = run.split.train, run.split.cases
    _save_columns(train, folder / "train.npz")
    _save_columns(cases.histories, folder / "histories.npz", case_profiles=cases.profiles)
    if rates:
        np.savez(folder / "pairs.npz", profiles=cases.profiles[cases.targets.cases], items=cases.targets.items)
    settings = {
        "profiles": len(train.profile_ids),
        "items": len(train.item_ids),
        "count": min(DEPTH, len(train.item_ids)),
        "seed": run.seed,
        "keep_seen": keep_seen,
    }
    (folder / "job.json").write_text(json.dumps(settings), "utf-8")


def _save_columns(dataset: InteractionDataset, path: Path, **more: NDArray[np.int64]) -> None:
    np.savez(
        path,
        profiles=dataset.profiles,
        items=dataset.items,
        times=dataset.times,
        values=dataset.values,
        **more,  # type: ignore[arg-type]
    )
