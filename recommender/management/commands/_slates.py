"""Shows a slate in a terminal, as a table or as JSON."""

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from recommender.records import Slate
from recommender.slate_json import show_slate


def dump_slate(slate: Slate) -> str:
    """Return the slate as indented JSON: what the API answers, and the time of each stage."""
    document = {**show_slate(slate), "timings_ms": dict(slate.timings)}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def print_slate(console: Console, slate: Slate, *, heading: str) -> None:
    """Print the slate as a table with each entry's score, sources and reason."""
    # Titles and keys are anybody's words: what looks like markup in them is text.
    title = f"{escape(heading)}  ·  {slate.milliseconds:.1f} ms"
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("#", justify="right", style="dim")
    table.add_column("item", min_width=18)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("sources", min_width=14, style="cyan")
    table.add_column("reason", min_width=18, style="italic")
    for place, entry in enumerate(slate.entries, start=1):
        name, score, sources = entry.title or entry.key, f"{entry.score:.4f}", ", ".join(entry.sources)
        table.add_row(str(place), escape(name), score, sources, escape(entry.reason.text))
    console.print(table)
    if slate.exhausted:
        console.print(f"{len(slate.entries)} of {slate.requested}: no further item is eligible", style="dim")
