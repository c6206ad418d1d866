"""The command `evaluate`."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from recommender.models import Evaluation, PlacementStrategy
from tests.recommender.chain_world import follow as follow
from tests.recommender.walks import LAST_STEP, make_walks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("follow")]


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    make_walks()


def run(*arguments: str) -> str:
    out, err = StringIO(), StringIO()
    call_command("evaluate", "--catalog", "books", *arguments, stdout=out, stderr=err)
    assert "100%" in err.getvalue()
    return out.getvalue()


def read_rows(text: str) -> dict[str, list[str]]:
    """The cells of the first table by the name of the row."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, *cells = line.split() or [""]
        if name in ("home", "follow", "popular"):
            found.setdefault(name, cells)
    return found


def test_it_prints_every_variant_and_what_the_figures_stand_on(tmp_path: Path) -> None:
    text = run("--split", LAST_STEP, "--k", "1", "--json", str(tmp_path / "report.json"))
    assert text.startswith(f"home, {LAST_STEP}, seed 0: 40 cases of 40 with 40 targets; learned from 260 interactions")
    assert read_rows(text) == {
        "home": ["1.0000", "1.0000–1.0000", "1.0000", "1.0000"],
        "follow": ["1.0000", "1.0000–1.0000", "1.0000", "1.0000", "+0.0000", "1.0000"],
        "popular": ["0.0000", "0.0000–0.0000", "0.0000", "0.0000", "-1.0000", "0.0002"],
    }
    assert "5 steps" in text
    assert "Every item counts as visible at the time of its case" in text
    assert json.loads((tmp_path / "report.json").read_text()) == Evaluation.objects.get().report


def test_the_run_is_kept_for_the_admin() -> None:
    run("--split", "random:0.8", "--cases", "7", "--seed", "4")
    row = Evaluation.objects.get()
    assert (row.state, row.protocol, row.options) == ("done", "random:0.8", {"k": 10, "cases": 7, "seed": 4})
    assert row.report["cases"] == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--placement", "nowhere"], "--placement: no placement 'nowhere'"),
        (["--split", "yesterday"], "--split: 'yesterday': no protocol is called 'yesterday'"),
        (["--k", "0"], "option 'k'"),
        (["--json", "/no/such/folder/report.json"], "--json: no folder /no/such/folder"),
        (["--catalog", "films"], "--catalog: no catalog 'films'"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("evaluate", "--catalog", "books", *arguments, stdout=StringIO(), stderr=StringIO())
    assert not Evaluation.objects.exists()


def test_a_failure_is_told_and_kept() -> None:
    with pytest.raises(CommandError, match=r"failed: SplitError: time:0.0001 leaves no interaction to learn from"):
        call_command("evaluate", "--catalog", "books", "--split", "time:0.0001", stdout=StringIO(), stderr=StringIO())
    assert Evaluation.objects.get().state == "failed"


def test_a_strategy_without_a_learner_is_told() -> None:
    PlacementStrategy.objects.update(source="[no_such]")
    assert "[no_such]: there is no learner '[no_such]', so it proposed nothing" in run("--split", LAST_STEP)
