from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from catalog.models import Catalog, Item

GOOD = "id,Name,genre\n1,Dune,sf\n2,Emma,\n"
BAD = "key,title,available\n1,Dune,yes\n,No key,maybe\n3,Emma,perhaps\n4,Ok,no\n"


def run(source: Path, *arguments: str) -> tuple[str, str, int]:
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("import_items", str(source), "--importer", "csv", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        code = error.returncode
        err.write(f"CommandError: {error}\n")
    return out.getvalue(), err.getvalue(), code


@pytest.fixture
def catalog(db: None) -> Catalog:
    return Catalog.objects.create(key=settings.RECSITE_DEFAULT_CATALOG, name="Demo")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "some books.csv"


def test_all_good_is_exit_code_0(catalog, source):
    source.write_text(GOOD)
    out, err, code = run(source, "--option", "mapping=key=id", "--option", "mapping=title=Name")
    assert (err, code) == ("", 0)
    assert out.startswith("Imported items: 2 created of 2 rows (in ")
    assert dict(Item.objects.values_list("key", "title")) == {"1": "Dune", "2": "Emma"}
    assert Item.objects.get(key="1").attributes == {"genre": "sf"}


def test_refused_rows_are_shown_and_listed_and_exit_code_is_1(catalog, source, tmp_path):
    source.write_text(BAD)
    listed = tmp_path / "deep" / "errors.jsonl"
    out, err, code = run(source, "--errors-file", str(listed), "--show-errors", "2")
    assert code == 1
    assert "2 created, 2 refused of 4 rows" in out
    lines = err.splitlines()
    assert lines[0].startswith("line 3: available: 'maybe': must be true or false")
    assert lines[1] == "line 3: key: required"
    assert lines[2] == f"1 more errors, all of them in {listed}"
    assert lines[3] == "CommandError: 2 of 4 rows refused"
    found = [json.loads(line) for line in listed.read_text().splitlines()]
    assert [(error["line"], error["field"], error["code"]) for error in found] == [
        (3, "available", "invalid"),
        (3, "key", "required"),
        (4, "available", "invalid"),
    ]
    assert sorted(Item.objects.values_list("key", flat=True)) == ["1", "4"]


def test_refused_rows_are_listed_in_var_unless_told_otherwise(catalog, source, tmp_path, settings):
    source.write_text(BAD)
    folder = settings.ENVIRONMENT.var / "import-errors"
    before = set(folder.glob("*.jsonl"))
    _, err, _ = run(source, "--show-errors", "0")
    (listed,) = set(folder.glob("*.jsonl")) - before
    assert listed.name.startswith("some books-")
    assert len(listed.read_text().splitlines()) == 3
    assert f"3 more errors, all of them in {listed}" in err
    listed.unlink()


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_an_unreadable_source_is_exit_code_2(catalog, source, arguments):
    _, err, code = run(source, *arguments)
    assert code == 2
    assert str(source) in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--option", "colour=red"], "option 'colour': unknown"),
        (["--option", "quotes"], "write name=value"),
        (["--option", "delimiter=ab"], "delimiter 'ab'"),
        (["--catalog", "nope"], "no catalog 'nope'; --create-catalog makes it"),
        (["--catalog", "not a slug", "--create-catalog"], "--catalog 'not a slug'"),
        (["--batch-size", "0"], "a whole number from 1 to 50,000"),
        (["--importer", "telepathy"], "invalid choice: 'telepathy'"),
    ],
)
def test_wrong_usage_is_exit_code_2_or_an_error_of_the_parser(catalog, source, arguments, told):
    source.write_text(GOOD)
    _, err, code = run(source, *arguments)
    assert told in err
    assert code == (1 if "argument" in err else 2)
    assert not Item.objects.exists()


@pytest.mark.django_db
def test_the_catalog_is_made_on_demand_but_not_in_a_dry_run(source):
    source.write_text("key,title\n1,Dune\n")
    out, _, code = run(source, "--catalog", "books", "--create-catalog", "--dry-run")
    assert out.startswith("Dry run, nothing was written; it would be items: 1 created of 1 rows")
    assert (code, Catalog.objects.count()) == (0, 0)

    for told in ("1 created", "1 unchanged"):
        out, _, code = run(source, "--catalog", "books", "--create-catalog")
        assert (told in out, code) == (True, 0)
    assert Item.objects.get().catalog == Catalog.objects.get(key="books")


@pytest.mark.shared_data
def test_a_real_catalogue_is_imported_whole_and_again_without_a_change(catalog, shared_data):
    out = io.StringIO()
    for told in ("3,883 created of 3,883 rows", "3,883 unchanged of 3,883 rows"):
        call_command("import_items", str(shared_data / "ml-1m"), "--importer", "movielens", stdout=out)
        assert told in out.getvalue()
    assert Item.objects.filter(catalog=catalog).count() == 3883
