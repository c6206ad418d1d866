"""Shows the report of an evaluation in a terminal."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

NOTES = {
    "visibility": "Every item counts as visible at the time of its case, hidden and expired ones too, but for those "
    "known to be published later.",
    "on_page": "Each case is on the page of the item that the person met last.",
    "friends": "Friendships count as they are today, whenever they were made.",
    "fitted_ranking": "The fitted ranking is the live one: it may have seen what is held out here.",
}

Cells = Sequence[str]

_GROUPS = (
    ("by_history", "steps", "by steps of the history"),
    ("by_popularity", "share", "by the share of people who had met the targets"),
)


def print_report(console: Console, report: dict[str, Any]) -> None:
    """Print the figures of every variant as tables, and what they stand on."""
    data, k, rows = report["data"], report["k"], report["rows"]
    _say(
        console,
        f"{report['placement']}, {report['protocol']}, seed {report['seed']}: {report['cases']:,} cases of "
        f"{data['people']:,} with {report['targets']:,} targets; learned from {data['learned_from']:,} interactions "
        f"of {data['interactions']:,} with {data['items']:,} items; {report['seconds']['all']:.1f} s",
    )
    heads: Cells = (f"NDCG@{k}", "95 %", f"HR@{k}", f"recall@{k}", "difference", "p (Holm)")
    _print_table(console, heads, {row["name"]: _show_accuracy(row) for row in rows})
    heads = ("coverage", "Gini", "novelty", "diversity", "popularity", "filled up")
    _print_table(console, heads, {row["name"]: _show_lists(row) for row in rows})
    for name, unit, title in _GROUPS:
        heads = tuple(_name_group(group, unit) for group in report[name])
        cells: dict[str, Cells] = {row["name"]: [f"{each['mean']:.4f}" for each in row[name]] for row in rows}
        _print_table(console, heads, cells, title=f"NDCG@{k} {title}")
    for strategy in report["strategies"]:
        if strategy["state"] == "missing":
            _say(console, f"{strategy['name']}: there is no learner {strategy['source']!r}, so it proposed nothing")
    for note in report["notes"]:
        _say(console, NOTES[note])


def _print_table(console: Console, heads: Cells, rows: dict[str, Cells], *, title: str = "") -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=title or None, title_justify="left")
    table.add_column("", overflow="fold")
    for head in heads:
        table.add_column(escape(head), justify="right", no_wrap=True)
    for name, cells in rows.items():
        table.add_row(escape(name), *cells)
    console.print(table)


def _show_accuracy(row: dict[str, Any]) -> Cells:
    metrics, against = row["metrics"], row.get("difference")
    return (
        f"{metrics['ndcg']['mean']:.4f}",
        f"{metrics['ndcg']['low']:.4f}–{metrics['ndcg']['high']:.4f}",
        f"{metrics['hr']['mean']:.4f}",
        f"{metrics['recall']['mean']:.4f}",
        f"{against['mean']:+.4f}" if against else "",
        f"{against['p_holm']:.4f}" if against else "",
    )


def _show_lists(row: dict[str, Any]) -> Cells:
    return (
        _show(row["coverage"], ".1%"),
        _show(row["gini"], ".3f"),
        _show(row["novelty"], ".2f"),
        _show(row["diversity"], ".3f"),
        _show(row["popularity_lift"], "+.0%"),
        _show(row["filled"], ".1%"),
    )


def _name_group(group: dict[str, Any], unit: str) -> str:
    low, high = (f"{group[end]:.2%}" if unit == "share" else f"{group[end]:.0f}" for end in ("low", "high"))
    return f"{low if low == high else f'{low}–{high}'} {'' if unit == 'share' else unit}".strip()


def _show(figure: float | None, layout: str) -> str:
    return "" if figure is None else format(figure, layout)


def _say(console: Console, text: str) -> None:
    console.print(escape(text), soft_wrap=True, highlight=False)
