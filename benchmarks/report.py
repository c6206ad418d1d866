"""What every benchmark ends with: a table on the terminal and, if asked, the same figures as JSON."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the ``--json OUT`` option that every benchmark takes."""
    parser.add_argument("--json", type=Path, metavar="OUT", dest="json_path", help="write the figures to this file too")


def write_report(
    rows: Sequence[Mapping[str, Any]], *, protocol: str, data: str, seed: int | None, json_path: Path | None = None
) -> None:
    """Print ``rows`` as a table under protocol, data and seed; write the same to ``json_path`` if given.

    Each row has a ``name``, its figures, and ``ratio`` where it is held against a floor or a peer that was
    measured in the same run. A figure that a row lacks stays empty. Raise ValueError for a row without a name.
    """
    for row in rows:
        if not row.get("name"):
            raise ValueError(f"a row of a report needs a name: {dict(row)!r}")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = Table(title=protocol, caption=f"data: {data} · seed: {seed}", title_justify="left", caption_justify="left")
    for column in columns:
        table.add_column(column.replace("_", " "), justify="left" if column == "name" else "right")
    for row in rows:
        table.add_row(*(_show(row.get(column)) for column in columns))
    Console().print(table)
    if json_path is not None:
        report = {"protocol": protocol, "data": data, "seed": seed, "rows": [dict(row) for row in rows]}
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _show(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
