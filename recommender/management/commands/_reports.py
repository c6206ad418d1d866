"""Shows the report of an evaluation in a terminal."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

NOTES = {
    "visibility": "Every item counts as visible, but one published after the moment; hidden and expired ones, too.",
    "on_page": "Each case is on the page of the item that the person met last.",
    "fitted_ranking": "The fitted ranking is the live one: it may have seen what is held out here.",
}


def print_report(console: Console, report: dict[str, Any]) -> None:
    """Print the figures of every variant as a table, and what they stand on."""
    data, k = report["data"], report["k"]
    console.print(
        f"{escape(report['placement'])}, {report['protocol']}, seed {report['seed']}: {report['cases']:,} cases of "
        f"{data['people']:,} with {report['targets']:,} targets; {data['learned_from']:,} of {data['interactions']:,} "
        f"interactions learned from, {data['items']:,} items; {report['seconds']['all']:.1f} s",
        soft_wrap=True,
    )
    table = Table()
    table.add_column("")
    for heading in (
        f"NDCG@{k}",
        "95 %",
        f"HR@{k}",
        f"recall@{k}",
        "difference",
        "p (Holm)",
        "coverage",
        "Gini",
        "novelty",
        "diversity",
        "lift",
    ):
        table.add_column(heading, justify="right")
    for row in report["rows"]:
        metrics, against = row["metrics"], row.get("difference")
        table.add_row(
            escape(row["name"]),
            f"{metrics['ndcg']['mean']:.4f}",
            f"{metrics['ndcg']['low']:.4f}–{metrics['ndcg']['high']:.4f}",
            f"{metrics['hr']['mean']:.4f}",
            f"{metrics['recall']['mean']:.4f}",
            f"{against['mean']:+.4f}" if against else "",
            f"{against['p_holm']:.4f}" if against else "",
            *(
                _show(row[name], digits)
                for name, digits in (("coverage", 3), ("gini", 3), ("novelty", 2), ("diversity", 3))
            ),
            "" if row["popularity_lift"] is None else f"{row['popularity_lift']:+.0%}",
        )
    console.print(table)
    for missing in report["strategies"]:
        if missing["state"] == "missing":
            console.print(
                f"{escape(missing['name'])}: there is no learner {escape(repr(missing['source']))}", soft_wrap=True
            )
    for note in report["notes"]:
        console.print(NOTES[note], style="dim", soft_wrap=True)


def _show(figure: float | None, digits: int) -> str:
    return "" if figure is None else f"{figure:.{digits}f}"
