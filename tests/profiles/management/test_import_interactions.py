from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Catalog, Item
from catalog.records import ItemRecord
from catalog.services.items import upsert_items
from profiles.models import Interaction, Profile
from profiles.records import InteractionRecord
from profiles.services.interactions import record_interactions

NOW = datetime(2024, 5, 1, tzinfo=UTC)

ROWS = """user_id,item,kind,value,occurred_at
ana,dune,rating,4.5,2024-05-01T12:00:00Z
ana,unknown,rating,4,2024-05-01
bob,dune,rating,NaN,2024/05/02
bob,dune,rating,inf,2024-05-02
bob,dune,rating,5,05/02/2024
bob,emma,juggle,,2024-05-02
bob,emma,view,,2999-01-01
bob,emma,view,,2024-05-03
bob,emma,view,,2024-05-03
"""


@pytest.fixture
def catalog(db: None) -> Catalog:
    catalog = Catalog.objects.create(key=settings.RECSITE_DEFAULT_CATALOG, name="Demo")
    upsert_items(catalog.pk, [ItemRecord(key="dune"), ItemRecord(key="emma")])
    return catalog


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(ROWS)
    return path


def run(source: Path, *arguments: str) -> tuple[str, list[str], int]:
    out, err = io.StringIO(), io.StringIO()
    arguments = ("--errors-file", str(source.with_suffix(".errors")), *arguments)
    try:
        call_command("import_interactions", str(source), "--importer", "csv", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), err.getvalue().splitlines(), error.returncode
    return out.getvalue(), err.getvalue().splitlines(), 0


def test_good_rows_land_whatever_the_others_are(catalog, source):
    out, err, code = run(source)
    assert code == 1
    assert "2 created, 1 duplicates, 6 refused of 9 rows" in out
    assert sorted(line.split(":")[0] + ":" + line.split(":")[1] for line in err[:-1]) == [
        "line 3: item",
        "line 4: value",
        "line 5: value",
        "line 6: occurred_at",
        "line 7: kind",
        "line 8: occurred_at",
    ]
    assert list(Interaction.objects.order_by("pk").values_list("profile__key", "item__key", "kind", "value")) == [
        ("ana", "dune", "rating", 4.5),
        ("bob", "emma", "view", None),
    ]


def test_importing_again_records_nothing_new(catalog, source):
    run(source)
    before = list(Interaction.objects.order_by("pk").values())
    out, _, _ = run(source, "--batch-size", "2")
    assert "3 duplicates, 6 refused of 9 rows" in out
    assert list(Interaction.objects.order_by("pk").values()) == before


def test_unknown_items_can_be_created(catalog, source):
    out, _, code = run(source, "--unknown-items", "create")
    assert (code, "3 created, 1 duplicates, 5 refused of 9 rows" in out) == (1, True)
    assert Item.objects.filter(key="unknown").exists()


@pytest.mark.parametrize(("policy", "created"), [("reject", 2), ("create", 3)])
def test_a_dry_run_says_what_would_be_and_writes_nothing(catalog, source, policy, created):
    out, _, code = run(source, "--dry-run", "--unknown-items", policy)
    assert code == 1
    assert out.startswith("Dry run, nothing was written; it would be interactions: ")
    assert f"{created} created, 1 duplicates, {8 - created} refused of 9 rows" in out
    assert (Interaction.objects.count(), Profile.objects.count(), Item.objects.count()) == (0, 0, 2)


def test_an_unreadable_source_is_exit_code_2(catalog, tmp_path):
    assert run(tmp_path / "gone.csv")[2] == 2


def test_the_planner_hears_of_an_import_while_it_runs(catalog, tmp_path, monkeypatch):
    """It knows of one row in each of three catalogs: by that, any index that begins with the catalog finds one row."""
    monkeypatch.setattr("catalog.services.imports.STATISTICS_FROM", 400)
    record_one_in_each_of_three_catalogs()
    source = tmp_path / "log.csv"
    lines = [f"reader{number % 50},dune,view,,2024-05-01T12:00:00Z,row{number}" for number in range(2000)]
    source.write_text("\n".join(["user_id,item,kind,value,occurred_at,interaction_id", *lines]))
    with CaptureQueriesContext(connection) as queries:
        out, _, code = run(source, "--batch-size", "200")
    assert (code, "2,000 created" in out) == (0, True)
    renewals = [place for place, query in enumerate(queries) if query["sql"].startswith("ANALYZE")]
    assert len(renewals) == 3  # at 400, 800, 1,600
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'profiles_interaction'")
        assert cursor.fetchone()[0] == 1603
        cursor.execute(
            "EXPLAIN SELECT id FROM profiles_interaction WHERE catalog_id = %s AND key = 'row9'", [catalog.pk]
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "interaction_log" not in plan


def record_one_in_each_of_three_catalogs() -> None:
    for number in range(3):
        other = Catalog.objects.create(key=f"other{number}", name="Other")
        record_interactions(
            other.pk,
            [InteractionRecord(user_id="ana", kind="search", query="dunes", occurred_at=NOW, interaction_id="a")],
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE profiles_interaction")


def test_a_dry_run_leaves_the_statistics_alone(catalog, source, monkeypatch):
    monkeypatch.setattr("catalog.services.imports.STATISTICS_FROM", 1)
    with CaptureQueriesContext(connection) as queries:
        run(source, "--dry-run")
    assert not [query for query in queries if query["sql"].startswith("ANALYZE")]


@pytest.mark.shared_data
def test_real_ratings_are_imported_whole(catalog, shared_data):
    out = io.StringIO()
    arguments = ("--importer", "movielens", "--unknown-items", "create", "--batch-size", "10000")
    call_command("import_interactions", str(shared_data / "ml-100k"), *arguments, stdout=out)
    assert "100,000 created of 100,000 rows" in out.getvalue()
    assert Interaction.objects.filter(catalog=catalog).count() == 100_000
    assert Profile.objects.filter(catalog=catalog).count() == 943
