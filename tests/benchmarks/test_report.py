"""The report that every benchmark ends with."""

import json
from pathlib import Path

import pytest

from benchmarks.report import write_report

ROWS = [
    {"name": "bare COPY", "rows_per_s": 123456.0},
    {"name": "ingest", "rows_per_s": 61728.0, "ratio": 0.5, "complete": True},
]


def test_table_shows_every_row_protocol_data_and_seed(capsys: pytest.CaptureFixture[str]) -> None:
    write_report(ROWS, protocol="best of 3", data="made rows", seed=7)
    shown = capsys.readouterr().out
    for text in ("best of 3", "data: made rows · seed: 7", "bare COPY", "123,456", "61,728", "0.5", "yes"):
        assert text in shown


def test_json_carries_the_figures_unrounded_and_makes_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out.json"
    write_report(ROWS, protocol="best of 3", data="书", seed=None, json_path=path)
    assert json.loads(path.read_text("utf-8")) == {"protocol": "best of 3", "data": "书", "seed": None, "rows": ROWS}


def test_row_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a name"):
        write_report([{"ratio": 1.0}], protocol="p", data="d", seed=1)


def test_a_figure_that_is_not_a_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_report([{"name": "x", "ratio": float("nan")}], protocol="p", data="d", seed=1, json_path=tmp_path / "o")
