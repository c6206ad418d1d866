"""The command `tune`."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from recommender import tasks
from recommender.models import Evaluation, FittedRanking
from tests.recommender.halves_world import Odd, make_halves
from tests.recommender.halves_world import halves as halves

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("halves")]

QUICK = ("--catalog", "books", "--split", "next-item", "--learners", "even,odd,popular", "--budget-minutes", "0.1")


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    make_halves()


def run(*arguments: str) -> str:
    out, err = StringIO(), StringIO()
    call_command("tune", *QUICK, *arguments, stdout=out, stderr=err)
    return out.getvalue()


def read_row(line: str) -> tuple[str, list[str]]:
    """The name of a row of the table, and its cells."""
    match = re.match(r"(.*?) +(\d\.\d{4} .*)", line.strip())
    assert match is not None
    return match[1], match[2].split()


def test_it_prints_how_the_blend_does_beside_each_strategy(tmp_path: Path) -> None:
    text = run("--json", str(tmp_path / "tuned.json"))
    assert text.startswith("home, next-item, seed 0: chosen by 120 people, and measured on 120 others with 120 targets")
    rows = dict(read_row(line) for line in text.splitlines() if "–" in line)
    assert rows["home"] == ["1.0000", "1.0000–1.0000", "1.0000"]
    assert set(rows) == {"home", "home (before)", "even", "odd", "popular"}
    assert rows["even"][0] < rows["home"][0]
    assert rows["even"][-1] == "0.0004"
    assert next(iter(rows)) == "home"
    fitted = FittedRanking.objects.get()
    assert f"home serves it now (fitted ranking {fitted.pk})" in text
    report = json.loads((tmp_path / "tuned.json").read_text())
    assert report == Evaluation.objects.get().report
    assert report["rows"][0]["metrics"]["ndcg"]["mean"] == 1.0


def test_a_second_run_says_that_the_live_ranking_may_have_an_advantage() -> None:
    assert "may have seen what is held out" not in run()
    assert "may have seen what is held out" in run("--dry-run")


def test_a_dry_run_says_that_nothing_was_changed() -> None:
    assert "dry run: nothing was changed" in run("--dry-run")
    assert not FittedRanking.objects.exists()


def test_a_queued_run_waits_for_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks.tune_placement, "apply_async", lambda args, named, **_: sent.extend(args))
    row_text = run("--queue")
    row = Evaluation.objects.get()
    assert sent == [row.pk]
    assert row_text == f"tuning {row.pk}: sent to the train queue\n"
    assert row.state == "running"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--placement", "nowhere"], "no placement 'nowhere'"),
        (["--split", "yesterday"], "no protocol is called 'yesterday'"),
        (["--budget-minutes", "0"], "'budget_seconds'"),
        (["--catalog", "films"], "--catalog: no catalog 'films'"),
        (["--json", "/no/such/folder/report.json"], "--json: no folder /no/such/folder"),
    ],
)
def test_what_cannot_be_tuned_is_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)
    assert not Evaluation.objects.exists()


def test_a_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Odd, "fails", RuntimeError("broken"))
    with pytest.raises(CommandError, match=r"tuning \d+ failed: no learner fits these data"):
        run("--learners", "odd")
