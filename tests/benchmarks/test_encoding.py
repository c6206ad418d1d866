"""The benchmark of encoders, run small."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.encoding import main, make_texts, read_texts


def test_every_encoder_is_timed_and_ours_agree_with_the_peer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    monkeypatch.setattr(sys, "argv", ["encoding", "--limit", "12", "--rounds", "1", "--json", str(out)])
    main()
    report = json.loads(out.read_text("utf-8"))
    rows = {row["name"]: row for row in report["rows"]}
    assert list(rows) == ["sentence-transformers fp32", "transformer fp32", "transformer bf16", "hashing"]
    assert all(row["items_per_s"] > 0 for row in rows.values())
    assert [name for name, row in rows.items() if "ratio" not in row] == ["sentence-transformers fp32"]
    assert rows["transformer fp32"]["lowest_cosine"] >= 0.9999
    assert report["seed"] == 1
    assert "12 texts of generated words" in capsys.readouterr().out


def test_the_same_seed_makes_the_same_texts() -> None:
    assert make_texts(20, seed=3) == make_texts(20, seed=3) != make_texts(20, seed=4)


def test_items_are_read_from_json_lines_and_csv(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"title": "红楼梦", "categories": ["novel"], "attributes": {"author": "Cao"}}\n')
    (tmp_path / "a.csv").write_text("title,text,categories\n红楼梦,a tale,novel\n", encoding="utf-8")
    assert read_texts(tmp_path / "a.jsonl") == ["红楼梦\nnovel\nCao"]
    assert read_texts(tmp_path / "a.csv") == ["红楼梦\nnovel\na tale"]
