"""The table and the JSON file of a run; the file is whole after every row."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.accuracy.machine import MIB, describe_machine
from benchmarks.accuracy.plain_data import PlainData
from benchmarks.accuracy.protocols import Protocol
from benchmarks.accuracy.summary import COVERAGE, GINI, NOVELTY

_WIDTH = 200


@dataclass(slots=True)
class Report:
    """Rows of one protocol on one data set, written to ``json_path`` as they come."""

    protocol: Protocol
    data: PlainData
    seed: int
    command: list[str]
    json_path: Path | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def add_row(self, row: dict[str, Any]) -> None:
        """Add a row and write the file."""
        self.rows.append(row)
        self.write()

    def write(self) -> None:
        """Write the file anew, in one step."""
        if self.json_path is None:
            return
        self.json_path.parent.mkdir(parents=True, exist_ok=True)
        whole = self.json_path.with_name(f".{self.json_path.name}.part")
        whole.write_text(json.dumps(self._describe(), indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
        os.replace(whole, self.json_path)

    def print_table(self) -> None:
        """Print the rows, and below them why some have no figures; a table is never narrower than its figures."""
        console = Console(width=max(_WIDTH, Console().width))
        counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in self.data.counts.items())
        table = Table(
            title=f"{self.protocol.key}: {self.protocol.title}",
            caption=f"data: {self.data.name}, {counts} · seed: {self.seed} · {self._tell_machine()}",
            title_justify="left",
            caption_justify="left",
        )
        table.add_column("name")
        headings = [heading for _, heading in self.protocol.figures]
        beyond = [] if self.protocol.rates else [COVERAGE, GINI, NOVELTY]
        for heading in headings:
            table.add_column(heading, justify="right")
            if heading == self.protocol.main:
                table.add_column("95 %", justify="right")
        for heading in (*beyond, "fit s", "score s", "peak MiB"):
            table.add_column(heading, justify="right")
        for row in self.rows:
            if "metrics" in row:
                table.add_row(escape(row["name"]), *self._show_figures(row, headings, beyond))
        console.print(table)
        for row in self.rows:
            if "error" in row:
                console.print(f"{row['name']}: {row['error']}", markup=False, soft_wrap=True)

    def _show_figures(self, row: Mapping[str, Any], headings: list[str], beyond: list[str]) -> list[str]:
        shown = []
        for heading in headings:
            shown.append(f"{row['metrics'][heading]:.4f}")
            if heading == self.protocol.main:
                low, high = row["intervals"][heading]
                shown.append(f"{low:.4f} to {high:.4f}")
        shown += [f"{row['metrics'][heading]:.3f}" for heading in beyond]
        return [
            *shown,
            f"{row['fit_seconds']:,.1f}",
            f"{row['score_seconds']:,.1f}",
            f"{row['peak_memory_bytes'] / MIB:,.0f}",
        ]

    def _describe(self) -> dict[str, Any]:
        return {
            "protocol": self.protocol.key,
            "protocol_description": self.protocol.title,
            "main_metric": self.protocol.main,
            "data": {"name": self.data.name, **self.data.counts, "notes": list(self.data.notes)},
            "seed": self.seed,
            "machine": describe_machine(),
            "command": self.command,
            **self.extra,
            "rows": self.rows,
        }

    def _tell_machine(self) -> str:
        machine = describe_machine()
        return f"{machine['cores']} cores, {machine['memory_gib']} GiB, {machine['processor']}"
