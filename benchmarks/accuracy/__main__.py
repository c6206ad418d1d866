"""Runs the benchmark from the command line."""

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import django
from rich.console import Console

from benchmarks.accuracy.arguments import BUDGET_MINUTES, parse_arguments, read_data
from benchmarks.accuracy.contents import EncodingFailed, encode_items
from benchmarks.accuracy.fitted import find_learner, list_learners
from benchmarks.accuracy.lines import FileError
from benchmarks.accuracy.machine import GIB, read_total_memory
from benchmarks.accuracy.peers import list_peers
from benchmarks.accuracy.report import Report
from benchmarks.accuracy.rows import CHECKOUT, RowMaker
from benchmarks.accuracy.scratch_data import save_dataset
from catalog.extensions import RegistryError
from recommender.evaluation.cases import SplitError

INTERRUPTED = 130


def main(texts: list[str] | None = None) -> int:
    """Read the files, make the rows, print the table; return the exit code."""
    arguments = parse_arguments(texts)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
    django.setup()
    console = Console(stderr=True)
    try:
        protocol, data = read_data(arguments)
        names = _list_names(arguments.learners, rates=protocol.rates)
        next(protocol.make_runs(data.train, data.test, arguments.seed, getattr(arguments, "folds", 2)))
    except (FileError, RegistryError, SplitError, ImportError, AttributeError) as error:
        console.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        return 2
    for note in data.notes:
        console.print(note, markup=False, soft_wrap=True)
    report = Report(
        protocol=protocol,
        data=data,
        seed=arguments.seed,
        command=sys.argv[1:] if texts is None else texts,
        json_path=arguments.json_path,
    )
    signal.signal(signal.SIGTERM, _interrupt)
    with tempfile.TemporaryDirectory(prefix="recsite-accuracy-") as folder:
        try:
            _make_rows(report, names, arguments, Path(folder), console)
        except KeyboardInterrupt:
            report.extra["interrupted"] = True
            report.write()
            console.print("interrupted: the rows that were done are kept", markup=False)
    report.print_table()
    if report.extra.get("interrupted"):
        return INTERRUPTED
    return 0 if any("metrics" in row for row in report.rows) else 1


def _make_rows(report: Report, names: list[str], arguments: Any, folder: Path, console: Console) -> None:
    save_dataset(report.data.train, folder, "train")
    if report.data.test is not None:
        save_dataset(report.data.test, folder, "test")
    budget = (arguments.budget_minutes or BUDGET_MINUTES) * 60
    with console.status("starting") as status:
        if report.data.records is not None and any(_wants_content(name) for name in names):
            console.print("texts of the items: encoding", markup=False)
            try:
                seconds = encode_items(report.data.records, folder, show=status.update)
            except EncodingFailed as error:
                report.extra["content_error"] = str(error)
                console.print(f"{error}; going on without", markup=False, soft_wrap=True)
            else:
                report.extra["content_seconds"] = round(seconds, 2)
                budget = max(1.0, budget - seconds)
                console.print(f"texts of the items: encoded in {seconds:.1f} s", markup=False)
        maker = RowMaker(
            folder=folder,
            protocol=report.protocol.key,
            folds=getattr(arguments, "folds", 5),
            seed=arguments.seed,
            memory_limit=int(min(arguments.memory_gib * GIB, read_total_memory())),
            budget_seconds=budget,
            limit_seconds=arguments.budget_minutes and arguments.budget_minutes * 60,
            show=status.update,
            report=lambda text: console.print(text, markup=False, soft_wrap=True),
        )
        for number, name in enumerate(names, start=1):
            status.update(f"{name}: starting")
            report.add_row(maker.make_row(name))
            _tell(report, f"{number} of {len(names)}", console)
        if arguments.peers:
            cache = arguments.peer_cache or Path(os.environ.get("RECSITE_VAR") or CHECKOUT / "var") / "peers"
            for peer in list_peers():
                for row in maker.make_peer_rows(peer, cache.resolve()):
                    report.add_row(row)
                    _tell(report, "peer", console)


def _tell(report: Report, place: str, console: Console) -> None:
    """Print one line about the row that was added last."""
    row, main = report.rows[-1], report.protocol.main
    told = (
        row["error"]
        if "error" in row
        else f"{main} {row['metrics'][main]:.4f}, fitted in {row['fit_seconds']:,.1f} s, "
        f"scored in {row['score_seconds']:,.1f} s"
    )
    console.print(f"[{place}] {row['name']}: {told}", markup=False, soft_wrap=True)


def _list_names(text: str, *, rates: bool) -> list[str]:
    names: list[str] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        names += list_learners(rates=rates) if name == "all" else [name]
    for name in names:
        if name != "auto":
            find_learner(name)
    return list(dict.fromkeys(names))


def _wants_content(name: str) -> bool:
    return name == "auto" or bool(getattr(find_learner(name), "wants_content", False))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
