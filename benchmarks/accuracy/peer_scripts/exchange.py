"""What a peer's script reads and writes: the files that ``benchmarks.accuracy.peers`` makes and reads.

Runs in the peer's own environment, on numpy and scipy alone: nothing of ours can be imported there.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

FOLDER = Path(sys.argv[1]).resolve()
MODEL = sys.argv[2]


class Job:
    """Interactions to learn from, and cases to answer; places of profiles and items, from 0.

    ``train``: arrays ``profiles``, ``items``, ``times``, ``values`` (n,), NaN where there is no rating, by profile and
    time. ``histories``: the same of the cases, ``case_profiles`` (c,) ascending. Or ``pairs``: ``profiles`` and
    ``items`` (t,) to rate.
    """

    def __init__(self):
        self.settings = json.loads((FOLDER / "job.json").read_text("utf-8"))
        self.profile_count, self.item_count = self.settings["profiles"], self.settings["items"]
        self.count, self.seed, self.keep_seen = (self.settings[name] for name in ("count", "seed", "keep_seen"))
        self.train = _load("train")
        self.histories = _load("histories")
        self.case_profiles = self.histories.pop("case_profiles")
        self.pairs = _load("pairs") if (FOLDER / "pairs.npz").exists() else None

    def find_offsets(self):
        """Return offsets (c + 1,): the rows of case j are ``offsets[j]:offsets[j + 1]`` of the histories."""
        starts = np.searchsorted(self.histories["profiles"], self.case_profiles)
        return np.append(starts, len(self.histories["profiles"]))

    def make_matrix(self, columns):
        """Return the CSR matrix (profiles, items) of ones of train or histories."""
        from scipy.sparse import csr_matrix

        pairs = np.unique(np.stack([columns["profiles"], columns["items"]]), axis=1)
        ones = np.ones(pairs.shape[1], dtype=np.float32)
        return csr_matrix((ones, tuple(pairs)), shape=(self.profile_count, self.item_count))


class Clock:
    """Takes the seconds of fitting and of scoring: ``start``, then ``fitted``, then ``write``."""

    def __init__(self):
        self._begun = time.perf_counter()
        self._fitted = None

    def fitted(self):
        """Say that fitting is over and scoring begins."""
        self._fitted = time.perf_counter()

    def write(self, package, options, **arrays):
        """Write the answer: ``items`` (c, k), -1 where a list is shorter, or ``ratings`` (t,)."""
        now = time.perf_counter()
        np.savez(FOLDER / "answer.npz", **arrays)
        figures = {
            "fit_seconds": self._fitted - self._begun,
            "score_seconds": now - self._fitted,
            "version": version(package),
            "options": options,
        }
        (FOLDER / "figures.json").write_text(json.dumps(figures), "utf-8")


def fill_lists(rows, width):
    """Return lists of different lengths as one array, -1 behind the end of each."""
    lists = np.full((len(rows), width), -1, dtype=np.int32)
    for place, row in enumerate(rows):
        lists[place, : min(width, len(row))] = row[:width]
    return lists


def _load(name):
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as arrays:
        return dict(arrays)
