"""Reads files of items: a JSON object a line with ``id``, ``title``, ``categories`` and free attributes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.accuracy.lines import FileError, read_lines
from benchmarks.accuracy.logs import Keys, show_count
from catalog.records import ItemRecord


def read_items(path: Path, items: Keys) -> tuple[tuple[ItemRecord | None, ...], tuple[str, ...]]:
    """Return a record for each key of ``items`` in their order, None where the file has none, and notes.

    The notes count the keys that are absent from the file, items of the file that nobody met (they are left out), and
    items that come twice (the later line counts). Raise FileError naming the line of a malformed one.
    """
    records: list[ItemRecord | None] = [None] * len(items)
    unmet = again = 0
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        record = _read_item(path, line, number)
        place = items.find(record.key)
        if place is None:
            unmet += 1
        else:
            again += records[place] is not None
            records[place] = record
    absent = records.count(None)
    if absent == len(records):
        raise FileError(path, f"not one of the {len(records):,} items of the interactions is in the file")
    notes = [
        f"{path.name}: {text}"
        for count, text in (
            (absent, f"{show_count(absent, 'item')} of the interactions absent"),
            (unmet, f"{show_count(unmet, 'item')} without an interaction left out"),
            (again, f"{show_count(again, 'item')} twice: the later line counts"),
        )
        if count
    ]
    return tuple(records), tuple(notes)


def _read_item(path: Path, line: str, number: int) -> ItemRecord:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise FileError(path, f"no JSON: {error}", line=number) from error
    if not isinstance(fields, dict):
        raise FileError(path, f"a JSON object is needed, not {type(fields).__name__}", line=number)
    key = fields.pop("id", None)
    if not isinstance(key, str | int) or isinstance(key, bool) or not str(key).strip():
        raise FileError(path, f"an id is needed, a text or a whole number, not {key!r}", line=number)
    title = fields.pop("title", None)
    if title is not None and not isinstance(title, str | int | float):
        raise FileError(path, f"the title is no text but {type(title).__name__}", line=number)
    categories = tuple(_flatten(fields.pop("categories", None), path, number))
    return ItemRecord(
        key=str(key).strip(),
        title="" if title is None else str(title),
        text=str(fields.pop("text", None) or ""),
        categories=tuple(dict.fromkeys(categories)),
        attributes=fields,
    )


def _flatten(value: Any, path: Path, line: int) -> Iterator[str]:
    """Yield the names in a text, a list, or lists of lists, as shops export their trees of categories."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _flatten(entry, path, line)
    elif value is not None:
        raise FileError(path, f"a category is no text but {type(value).__name__}", line=line)
