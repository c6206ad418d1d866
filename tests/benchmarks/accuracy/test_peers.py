"""Peers: a script that answers is measured by our code, one that dies or cannot be installed has a row that says so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.accuracy.peers import SCRIPTS, Peer, PeerUnavailable, install_peer, list_peers
from benchmarks.accuracy.plain_data import read_rating_data, read_sequence_data
from benchmarks.accuracy.rows import RowMaker
from benchmarks.accuracy.scratch_data import save_dataset

ANSWER = """
import json, sys
from pathlib import Path
import numpy as np
folder = Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text())
if (folder / "pairs.npz").exists():
    with np.load(folder / "pairs.npz") as pairs:
        assert set(pairs) == {"profiles", "items"}
        answer = {"ratings": pairs["items"] + 1.0}
else:
    with np.load(folder / "histories.npz") as histories:
        last = [histories["items"][histories["profiles"] == profile].max() for profile in histories["case_profiles"]]
    answer = {"items": np.array([[(item + 1) % (5 if sys.argv[2] == "beyond" else 4), -1] for item in last])}
np.savez(folder / "answer.npz", **answer)
figures = {"fit_seconds": 1.5, "score_seconds": 0.5, "version": "9", "options": sys.argv[2]}
(folder / "figures.json").write_text(json.dumps(figures))
"""


def make_row(folder: Path, script: str, protocol: str, model: str = "quick") -> dict[str, Any]:
    path = folder / "script.py"
    path.write_text(script, "utf-8")
    maker = RowMaker(
        folder=folder,
        protocol=protocol,
        folds=2,
        seed=0,
        memory_limit=2**34,
        budget_seconds=60,
        limit_seconds=None,
        show=lambda text: None,
        report=lambda text: None,
    )
    asked = {"python": sys.executable, "script": str(path), "model": model}
    return maker._run("peer quick", learner="", peer=asked, limit_seconds=60)


def test_lists_of_a_script_are_measured_by_our_code(tmp_path: Path) -> None:
    path = tmp_path / "s.txt"
    # The target of a is the item after the highest of the history, that of b is not.
    path.write_text("a 0 1 2 3\nb 0 1 3 2\n", "utf-8")
    save_dataset(read_sequence_data(path).train, tmp_path, "train")
    row = make_row(tmp_path, ANSWER, "next-item")
    assert "error" not in row, row
    assert row["metrics"]["HR@5"] == 0.5
    assert row["metrics"]["MRR"] == 0.5
    assert (row["fit_seconds"], row["score_seconds"]) == (1.5, 0.5)
    assert row["options"] == {"defaults": "quick", "version": "9"}
    assert row["peak_memory_bytes"] > 2**20


def test_ratings_of_a_script_are_measured_by_our_code(tmp_path: Path) -> None:
    path = tmp_path / "u.data"
    path.write_text("\n".join(f"u{user} i{item} {item}" for user in range(4) for item in range(1, 5)), "utf-8")
    save_dataset(read_rating_data(path).train, tmp_path, "train")
    row = make_row(tmp_path, ANSWER, "rating")
    assert "error" not in row, row
    assert row["metrics"] == {"RMSE": 0.0, "MAE": 0.0}


def test_a_script_that_names_an_item_that_is_none_has_a_row_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "s.txt"
    path.write_text("a 0 1 2 3\nb 0 1 3 2\n", "utf-8")
    save_dataset(read_sequence_data(path).train, tmp_path, "train")
    row = make_row(tmp_path, ANSWER, "next-item", "beyond")
    assert row == {"name": "peer quick", "error": "answered with item 4 where there are 4"}


def test_a_script_that_dies_has_a_row_with_its_last_words(tmp_path: Path) -> None:
    path = tmp_path / "s.txt"
    path.write_text("a 0 1 2 3\nb 0 1 3 2\n", "utf-8")
    save_dataset(read_sequence_data(path).train, tmp_path, "train")
    row = make_row(tmp_path, "raise SystemExit('no such model')", "next-item")
    assert row == {"name": "peer quick", "error": "ended with code 1: no such model"}


def test_a_peer_that_does_not_install_says_so(tmp_path: Path) -> None:
    peer = Peer("ghost", "ghost_script.py", (f"{tmp_path}/nothing-is-here",))
    told: list[str] = []
    with pytest.raises(PeerUnavailable, match="ghost does not install: "):
        install_peer(peer, tmp_path / "cache", tell=told.append, pip=())
    assert told == [f"ghost: installing into {tmp_path / 'cache' / 'ghost'} (once, some minutes)"]
    assert not (tmp_path / "cache" / "ghost" / ".ready").exists()


def test_an_environment_that_is_ready_is_used_again(tmp_path: Path) -> None:
    peer = Peer("nothing", "nothing_script.py", ())
    told: list[str] = []
    python = install_peer(peer, tmp_path, tell=told.append, pip=())
    assert install_peer(peer, tmp_path, tell=told.append, pip=()) == python
    assert python.exists()
    assert len(told) == 1


def test_every_peer_has_its_script_and_models() -> None:
    for peer in list_peers():
        assert (SCRIPTS / peer.script).exists()
        assert peer.list_models("next-item")
        assert peer.list_models("microsoft-75-25") == peer.list_models("given") == peer.ranking
    assert [peer.name for peer in list_peers()] == ["implicit", "lenskit", "rectools", "recbole"]
