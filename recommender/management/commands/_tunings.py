"""Shows in a terminal what a tuning has found."""

from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table


def print_tuning(console: Console, report: dict[str, Any]) -> None:
    """Print how the tuned placement does beside what it was and each strategy alone, and what it is made of."""
    data, k, rows = report["data"], report["k"], report["rows"]
    _say(
        console,
        f"{report['placement']}, {report['protocol']}, seed {report['seed']}: chosen by {data['chosen_by']:,} people, "
        f"and measured on {report['cases']:,} others with {report['targets']:,} targets; learned from "
        f"{data['learned_from']:,} of {data['interactions']:,} interactions with {data['items']:,} items; "
        f"{report['seconds']['all']:.0f} s",
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", overflow="fold")
    for head in (f"NDCG@{k}", "95 %", f"HR@{k}", f"to {rows[0]['name']}", "p (Holm)"):
        table.add_column(escape(head), justify="right", no_wrap=True)
    first, *others = rows
    for row in (first, *sorted(others, key=lambda row: -row["metrics"]["ndcg"]["mean"])):
        table.add_row(escape(row["name"]), *_show_row(row), style="bold" if row is first else "")
    console.print(table)
    _say(
        console,
        f"{first['name']} weighs {', '.join(each['name'] for each in report['strategies'])} by "
        f"{report['ranker'].replace('_', ' ')}.",
    )
    if "fitted_ranking" in report["notes"]:
        _say(console, "What it was is ranked by the live fitted ranking, which may have seen what is held out here.")


def _show_row(row: dict[str, Any]) -> tuple[str, ...]:
    ndcg, hit_rate, against = row["metrics"]["ndcg"], row["metrics"]["hr"], row.get("difference")
    return (
        f"{ndcg['mean']:.4f}",
        f"{ndcg['low']:.4f}–{ndcg['high']:.4f}",
        f"{hit_rate['mean']:.4f}",
        f"{against['mean']:+.4f}" if against else "",
        f"{against['p_holm']:.4f}" if against else "",
    )


def _say(console: Console, text: str) -> None:
    console.print(escape(text), soft_wrap=True, highlight=False)
