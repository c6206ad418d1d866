"""The command: rows, files, refusals; what dies is one row's alone, what is done is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks.accuracy.__main__ import main
from recsite.env import CHECKOUT

FRAGILE = "tests.benchmarks.accuracy.fragile_learners"


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    """A chain: everybody goes from an item to the next by number, so the target is the highest item by one."""
    path = tmp_path / "sequences.txt"
    lines = [f"u{user} " + " ".join(f"i{item}" for item in range(user % 3, user % 3 + 6)) for user in range(12)]
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    """Item n has n stars from all."""
    path = tmp_path / "u.data"
    rows = [f"u{user}\ti{item}\t{item}\t{user * 10 + item}" for user in range(20) for item in range(1, 6)]
    path.write_text("\n".join(rows), "utf-8")
    return path


def run(*texts: str | Path, out: Path) -> tuple[int, dict[str, Any]]:
    code = main([*(str(text) for text in texts), "--json", str(out)])
    return code, json.loads(out.read_text("utf-8")) if out.exists() else {}


def test_report_has_protocol_data_seed_machine_and_a_row_for_each_learner(
    sequences: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = run(
        *("next-item", "--sequences", sequences, "--learners", "co_visitation,popular", "--seed", "3"),
        out=tmp_path / "new" / "out.json",
    )
    assert code == 0
    assert report["protocol"] == "next-item"
    assert report["seed"] == 3
    assert {name: report["data"][name] for name in ("users", "items", "interactions")} == {
        "users": 12,
        "items": 8,
        "interactions": 72,
    }
    assert set(report["machine"]) == {"cores", "memory_gib", "processor", "system", "python"}
    chain, popular = report["rows"]
    assert (chain["name"], popular["name"]) == ("co_visitation", "popular")
    assert set(chain["metrics"]) == {
        *("HR@5", "HR@10", "HR@20", "NDCG@5", "NDCG@10", "NDCG@20", "MRR", "coverage@10", "Gini@10", "novelty@10")
    }
    assert chain["intervals"]["NDCG@10"][0] <= chain["metrics"]["NDCG@10"] <= chain["intervals"]["NDCG@10"][1]
    assert chain["cases"] == 12
    assert chain["fit_seconds"] > 0
    assert chain["score_seconds"] > 0
    assert chain["peak_memory_bytes"] > 2**20
    assert chain["options"]["window"] == 5
    said = capsys.readouterr()
    assert "co_visitation" in said.out
    assert "[2 of 2] popular: NDCG@10" in said.err


def test_learners_that_fail_have_rows_of_their_own_and_the_others_go_on(sequences: Path, tmp_path: Path) -> None:
    names = ",".join([f"{FRAGILE}:{name}" for name in ("Killed", "Raises", "Huge", "Rates")] + ["popular"])
    code, report = run("next-item", "--sequences", sequences, "--learners", names, out=tmp_path / "out.json")
    assert code == 0
    killed, raises, huge, rates, popular = report["rows"]
    assert killed["error"] == "killed (SIGKILL): the system may have run out of memory"
    assert raises["error"].endswith("RuntimeError: the matrix is singular")
    assert huge["error"] == "not started: it needs an estimated 92.0 GiB, of 16.0 GiB"
    assert rates["error"] == "predicts ratings and ranks nothing"
    assert popular["metrics"]["HR@5"] > 0


def test_only_failures_are_a_failure(sequences: Path, tmp_path: Path) -> None:
    code, report = run("next-item", "--sequences", sequences, "--learners", f"{FRAGILE}:Raises", out=tmp_path / "o")
    assert code == 1
    assert len(report["rows"]) == 1


def test_a_learner_that_takes_too_much_memory_or_time_is_stopped(sequences: Path, tmp_path: Path) -> None:
    code, report = run(
        *("next-item", "--sequences", sequences, "--learners", f"{FRAGILE}:Swells,{FRAGILE}:Slow"),
        *("--memory-gib", "1", "--budget-minutes", "0.02"),
        out=tmp_path / "out.json",
    )
    assert code == 1
    assert [row["error"] for row in report["rows"]] == [
        "stopped: it held more than 1.0 GiB",
        "not fitted within 0.02 minutes",
    ]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_the_rows_that_are_done(sequences: Path, tmp_path: Path, sent: signal.Signals) -> None:
    out, mark = tmp_path / "out.json", tmp_path / "mark"
    command = [sys.executable, "-m", "benchmarks.accuracy", "next-item", "--sequences", str(sequences)]
    command += ["--learners", f"popular,{FRAGILE}:Waits,newest", "--json", str(out)]
    process = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**os.environ, "RECSITE_TEST_MARK": str(mark)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_for(lambda: mark.exists() and mark.read_text() != "")
        process.send_signal(sent)
        shown, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    report = json.loads(out.read_text("utf-8"))
    assert report["interrupted"] is True
    assert [row["name"] for row in report["rows"]] == ["popular"]
    assert "popular" in shown
    assert "interrupted: the rows that were done are kept" in said
    wait_for(lambda: not Path(f"/proc/{mark.read_text()}").exists())


def wait_for(condition: Any) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_given_files_are_measured_at_twenty(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a 1 2 3\nb 1 2 4\nc 1 3 4\n", "utf-8")
    (tmp_path / "test.txt").write_text("a 4\nb 3\nc 2 5\n", "utf-8")
    code, report = run(
        *("top-n", "--train", tmp_path / "train.txt", "--test", tmp_path / "test.txt", "--learners", "popular"),
        out=tmp_path / "out.json",
    )
    assert code == 0
    assert report["protocol"] == "given"
    metrics = report["rows"][0]["metrics"]
    # Nobody has met item 5, so popularity does not list it: a and b find their one target, c one of two.
    assert metrics["Recall@20"] == pytest.approx((1 + 1 + 0.5) / 3)
    assert metrics["Precision@20"] == pytest.approx(1 / 20)


@pytest.mark.parametrize(
    ("protocol", "headings", "runs"),
    [
        ("microsoft-75-25", {"MAP@10", "NDCG@10", "P@10", "R@10"}, [f"seed {n}" for n in range(7, 12)]),
        ("gorse-5-fold", {"P@10", "R@10", "MAP@10", "NDCG@10", "MRR@10"}, [f"fold {n}" for n in range(1, 6)]),
    ],
)
def test_rating_files_are_split_as_the_protocol_says(
    ratings: Path, tmp_path: Path, protocol: str, headings: set[str], runs: list[str]
) -> None:
    code, report = run(
        *("top-n", "--ratings", ratings, "--protocol", protocol, "--learners", "popular", "--seed", "7"),
        out=tmp_path / "out.json",
    )
    assert code == 0
    row = report["rows"][0]
    assert set(row["metrics"]) == headings | {"coverage@10", "Gini@10", "novelty@10"}
    assert [part["name"] for part in row["runs"]] == runs
    means = [part["metrics"]["NDCG@10"] for part in row["runs"]]
    assert row["metrics"]["NDCG@10"] == pytest.approx(sum(means) / len(means))


def test_ratings_are_predicted_fold_by_fold(ratings: Path, tmp_path: Path) -> None:
    code, report = run(
        *("rating", "--ratings", ratings, "--folds", "4", "--learners", f"{FRAGILE}:Rates,popular"),
        out=tmp_path / "out.json",
    )
    assert code == 0
    rates, popular = report["rows"]
    assert rates["metrics"] == {"RMSE": pytest.approx(0.0, abs=1e-3), "MAE": pytest.approx(0.0, abs=1e-3)}
    assert [part["name"] for part in rates["runs"]] == ["fold 1", "fold 2", "fold 3", "fold 4"]
    assert popular["error"] == "predicts no ratings"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the file is empty"),
        ("a 1 2 3\nb\n", "line 2: no item after the user 'b'"),
        ("a 1 2\nb 2 1\n", "no target"),
        ("a 1 1 1\n", "only one item"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    path = tmp_path / "s.txt"
    path.write_text(text, "utf-8")
    code, report = run("next-item", "--sequences", path, "--learners", "popular", out=tmp_path / "out.json")
    assert code == 2
    assert report == {}
    assert complaint in capsys.readouterr().err


def test_an_unknown_learner_is_named(sequences: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = run("next-item", "--sequences", sequences, "--learners", "popular,oracle", out=tmp_path / "out.json")
    assert code == 2
    assert "no 'oracle' (known: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "texts",
    [
        ["top-n", "--ratings", "x"],
        ["top-n", "--train", "x", "--ratings", "y"],
        ["rating", "--ratings", "x", "--folds", "1"],
        ["next-item"],
        ["next-item", "--sequences", "x", "--memory-gib", "-1"],
    ],
)
def test_arguments_that_do_not_fit_together_are_refused(texts: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(texts)
    assert caught.value.code == 2
