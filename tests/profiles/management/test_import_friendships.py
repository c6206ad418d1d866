from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from catalog.models import Catalog
from profiles.models import Friendship, Profile

ROWS = """one\tother\tsince
ana\tbob\t2020
bob\tana\t2020
ana\tcal\t2021
ana\tana\t2021
\tcal\t2021
"""


@pytest.fixture
def catalog(db: None) -> Catalog:
    return Catalog.objects.create(key=settings.RECSITE_DEFAULT_CATALOG, name="Demo")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "friends.tsv"
    path.write_text(ROWS)
    return path


def run(source: Path, *arguments: str, importer: str = "tsv") -> tuple[str, list[str], int]:
    out, err = io.StringIO(), io.StringIO()
    named = ("--option", "mapping=user_id=one", "--option", "mapping=friend_id=other") if importer == "tsv" else ()
    arguments = ("--importer", importer, "--errors-file", str(source.with_suffix(".errors")), *named, *arguments)
    try:
        call_command("import_friendships", str(source), *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue() + str(error), err.getvalue().splitlines(), error.returncode
    return out.getvalue(), err.getvalue().splitlines(), 0


def test_good_rows_land_whatever_the_others_are_and_other_columns_are_left_out(catalog, source):
    out, err, code = run(source)

    assert (code, "2 created, 1 unchanged, 2 refused of 5 rows" in out) == (1, True)
    assert err[:2] == ["line 6: user_id: required", "line 5: friend_id: both are one person"] or sorted(err[:2]) == [
        "line 5: friend_id: both are one person",
        "line 6: user_id: required",
    ]
    assert set(Friendship.objects.values_list("first__key", "second__key")) == {("ana", "bob"), ("ana", "cal")}


def test_importing_again_changes_nothing_whatever_the_batches(catalog, source):
    run(source)
    before = list(Friendship.objects.order_by("pk").values())
    out, _, _ = run(source, "--batch-size", "1")
    assert "3 unchanged, 2 refused of 5 rows" in out
    assert list(Friendship.objects.order_by("pk").values()) == before


def test_a_dry_run_says_what_would_be_and_writes_nothing(catalog, source):
    out, _, code = run(source, "--dry-run")
    assert code == 1
    assert out.startswith("Dry run, nothing was written; it would be friendships: 2 created, 1 unchanged, 2 refused")
    assert (Friendship.objects.count(), Profile.objects.count()) == (0, 0)


def test_json_lines_are_read_and_their_other_names_left_out(catalog, tmp_path):
    path = tmp_path / "friends.jsonl"
    path.write_text('{"user_id": "ana", "friend_id": 7, "since": 2020}\n{"friend_id": "x"}\n')
    out, err, code = run(path, importer="jsonl")
    assert (code, "1 created, 1 refused of 2 rows" in out, err[0]) == (1, True, "line 2: user_id: required")


@pytest.mark.parametrize("importer", ["movielens", "goodbooks"])
def test_an_importer_that_knows_no_friendships_says_so(catalog, source, importer):
    out, _, code = run(source, importer=importer)
    assert (code, "this importer reads no friendships" in out) == (2, True)


def test_a_file_without_a_column_is_exit_code_2(catalog, tmp_path):
    path = tmp_path / "friends.csv"
    path.write_text("user_id,friend\na,b\n")
    out, _, code = run(path, importer="csv")
    assert (code, "no column for 'friend_id'" in out) == (2, True)


@pytest.mark.shared_data
def test_real_friendships_are_imported_whole(catalog, shared_data):
    out = io.StringIO()
    mapping = [part for name in ("user_id=userID", "friend_id=friendID") for part in ("--option", f"mapping={name}")]
    source = shared_data / "lastfm-friends" / "user_friends.dat.gz"
    call_command("import_friendships", str(source), "--importer", "tsv", *mapping, stdout=out)
    assert "12,717 created, 12,717 unchanged of 25,434 rows" in out.getvalue()
    assert (Friendship.objects.count(), Profile.objects.count()) == (12_717, 1_892)
