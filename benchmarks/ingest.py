"""How many items and interactions a second are written, against bare COPY of the same rows.

``python -m benchmarks.ingest [--rows 20000] [--batch 1000] [--seed 0] [--json OUT]``

The rows are made up: items of some 500 characters with four categories and three attributes, ratings of
a tenth as many people on a quarter as many items. Batches of the service and of bare COPY take turns
in the same tables, so both meet the same indexes, constraints and noise. Bare COPY gets rows that need no more
work: ids resolved, digests computed, JSON written.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.report import add_json_argument, write_report
from benchmarks.scratch import scratch_catalog

WORDS = [f"word{number}" for number in range(5000)]
START = datetime(2024, 1, 1, tzinfo=UTC)
ITEM_COLUMNS = [
    *("catalog_id", "key", "kind", "title", "text", "url", "image_url", "language", "categories", "attributes"),
    *("published_at", "expires_at", "available", "hidden", "content_digest", "created_at", "updated_at"),
]
INTERACTION_COLUMNS = [
    *("catalog_id", "profile_id", "item_id", "kind", "value", "occurred_at", "recorded_at", "key", "query_text"),
    *("context", "recommendation_id", "position"),
]
FLOOR = 0.35
"""Share of bare COPY that recording interactions is held to."""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    add_json_argument(parser)
    arguments = parser.parse_args()
    with scratch_catalog("bench-ingest") as catalog:
        chance = random.Random(arguments.seed)
        rows = _measure_items(catalog.pk, _make_items(arguments.rows, chance), arguments.batch)
        rows += _measure_interactions(catalog.pk, arguments.rows, arguments.batch, chance)
    write_report(
        rows,
        protocol=f"{arguments.rows:,} rows in batches of {arguments.batch:,}, in turns with bare COPY, one process",
        data="synthetic items and ratings",
        seed=arguments.seed,
        json_path=arguments.json_path,
    )


def _make_items(count: int, chance: random.Random) -> list[Any]:
    from catalog.records import ItemRecord

    return [
        ItemRecord(
            key=f"item-{place:07}",
            kind="book",
            title=" ".join(chance.choices(WORDS, k=6)),
            text=" ".join(chance.choices(WORDS, k=60)),
            url=f"/books/{place}",
            language="en",
            categories=tuple(chance.sample(WORDS, 4)),
            attributes={"authors": chance.sample(WORDS, 2), "year": 2001, "price": 9.5},
            published_at=START + timedelta(hours=place),
        )
        for place in range(count)
    ]


def _measure_items(catalog_id: int, items: Sequence[Any], batch: int) -> list[dict[str, Any]]:
    from django.db import transaction

    from catalog.services.items import upsert_items

    with transaction.atomic():
        upsert_items(catalog_id, items)
        rows = _read_rows("catalog_item", ITEM_COLUMNS, catalog_id)
        transaction.set_rollback(True)
    place = ITEM_COLUMNS.index("key")
    bare = [(*row[:place], f"bare-{row[place]}", *row[place + 1 :]) for row in rows]
    write, copy = _time_turns(
        items, lambda part: upsert_items(catalog_id, part), bare, _copy_into("catalog_item", ITEM_COLUMNS), batch
    )
    changed = [replace(item, title=f"{item.title} again") for item in items]
    report = [_tell("items, bare COPY", len(items), copy), _tell("items, new", len(items), write, copy)]
    for name, records in (("items, the same again", items), ("items, title changed", changed)):
        seconds = _time_batches(records, lambda part: upsert_items(catalog_id, part), batch)
        report.append(_tell(name, len(items), seconds, copy))
    return report


def _measure_interactions(catalog_id: int, count: int, batch: int, chance: random.Random) -> list[dict[str, Any]]:
    from profiles.models import Interaction
    from profiles.records import InteractionRecord
    from profiles.services.interactions import record_interactions

    records = [
        InteractionRecord(
            user_id=f"user-{chance.randrange(max(1, count // 10))}",
            item=f"item-{chance.randrange(max(1, count // 4)):07}",
            kind="rating",
            value=float(chance.randint(1, 5)),
            occurred_at=START + timedelta(minutes=place),
            interaction_id=f"{chance.getrandbits(128):032x}",
            context={"page": "home"},
        )
        for place in range(count)
    ]
    record_interactions(catalog_id, records)
    rows = _read_rows("profiles_interaction", INTERACTION_COLUMNS, catalog_id)
    Interaction.objects.filter(catalog_id=catalog_id).delete()
    place = INTERACTION_COLUMNS.index("key")
    bare = [(*row[:place], f"bare-{row[place]}", *row[place + 1 :]) for row in rows]
    write, copy = _time_turns(
        records,
        lambda part: record_interactions(catalog_id, part),
        bare,
        _copy_into("profiles_interaction", INTERACTION_COLUMNS),
        batch,
    )
    again = _time_batches(records, lambda part: record_interactions(catalog_id, part), batch)
    single = records[0]
    alone = [
        replace(single, interaction_id=None, occurred_at=START + timedelta(days=100, seconds=n)) for n in range(200)
    ]
    one_by_one = _time_batches(alone, lambda part: record_interactions(catalog_id, part), 1)
    return [
        _tell("interactions, bare COPY", count, copy),
        {**_tell("interactions, new", count, write, copy), "floor": FLOOR},
        _tell("interactions, the same again", count, again, copy),
        _tell("interactions, one a batch", len(alone), one_by_one),
    ]


def _read_rows(table: str, columns: Sequence[str], catalog_id: int) -> list[tuple[Any, ...]]:
    from django.db import connection

    written = [f"{name}::text" if name in ("attributes", "context") else name for name in columns]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(written)} FROM {table} WHERE catalog_id = %s ORDER BY id", [catalog_id])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _copy_into(table: str, columns: Sequence[str]) -> Callable[[Sequence[tuple[Any, ...]]], None]:
    from django.db import connection, transaction

    def write(rows: Sequence[tuple[Any, ...]]) -> None:
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    return write


def _time_turns(
    records: Sequence[Any],
    write: Callable[[Sequence[Any]], object],
    rows: Sequence[Any],
    copy: Callable[[Sequence[Any]], object],
    batch: int,
) -> tuple[float, float]:
    """Return the seconds that each of the two ways took, batch by batch in turns, the first one changing."""
    seconds = [0.0, 0.0]
    for turn, start in enumerate(range(0, len(records), batch)):
        ways = [(0, write, records), (1, copy, rows)]
        for place, way, data in ways if turn % 2 else reversed(ways):
            part = data[start : start + batch]
            started = time.perf_counter()
            way(part)
            seconds[place] += time.perf_counter() - started
    return seconds[0], seconds[1]


def _time_batches(records: Sequence[Any], write: Callable[[Sequence[Any]], object], batch: int) -> float:
    started = time.perf_counter()
    for start in range(0, len(records), batch):
        write(records[start : start + batch])
    return time.perf_counter() - started


def _tell(name: str, count: int, seconds: float, peer: float | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "rows_a_second": round(count / seconds)}
    if peer is not None:
        row["ratio"] = round(peer / seconds, 3)
    return row


if __name__ == "__main__":
    main()
