"""The command line of ``python -m benchmarks.accuracy``."""

import argparse
from pathlib import Path

from benchmarks.accuracy.plain_data import PlainData, read_given_data, read_rating_data, read_sequence_data
from benchmarks.accuracy.protocols import FOLDS, GIVEN, GORSE, MICROSOFT, NEXT_ITEM, RATING, Protocol

BUDGET_MINUTES = 20.0
MEMORY_GIB = 16.0
_EPILOG = """Files may be gzipped. Sequences: `user item item ...` a line, or `user item` lines in the order of time.
Ratings: user, item, rating and time, separated by tabs, `::`, spaces, or commas under a header.
Items: a JSON object a line with id, title, categories and any attributes."""


def parse_arguments(texts: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; ends the program with a message where it cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description="Accuracy of learners, and of other libraries beside them, on plain files by published protocols.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shared = _make_shared()
    commands = parser.add_subparsers(dest="command", required=True)
    next_item = commands.add_parser("next-item", parents=[shared], help="find each user's last item")
    next_item.add_argument("--sequences", type=Path, required=True, metavar="FILE")
    top_n = commands.add_parser("top-n", parents=[shared], help="find items that were held out")
    top_n.add_argument("--train", type=Path, metavar="FILE", help="`user item item ...` lines, with --test")
    top_n.add_argument("--test", type=Path, metavar="FILE", help="`user item item ...` lines, with --train")
    top_n.add_argument("--ratings", type=Path, metavar="FILE", help="with --protocol")
    top_n.add_argument("--protocol", choices=[MICROSOFT.key, GORSE.key])
    rating = commands.add_parser("rating", parents=[shared], help="predict ratings that were held out")
    rating.add_argument("--ratings", type=Path, required=True, metavar="FILE")
    rating.add_argument("--folds", type=_read_folds, default=FOLDS, help=f"default {FOLDS}")
    arguments = parser.parse_args(texts)
    if arguments.command == "top-n":
        given = [name for name in ("train", "test", "ratings", "protocol") if getattr(arguments, name) is not None]
        if given not in (["train", "test"], ["ratings", "protocol"]):
            top_n.error("give --train and --test, or --ratings and --protocol")
    return arguments


def read_data(arguments: argparse.Namespace) -> tuple[Protocol, PlainData]:
    """Return the protocol that the command line asks for, and its files.

    Raises:
        FileError: a file cannot be used.
    """
    if arguments.command == "next-item":
        return NEXT_ITEM, read_sequence_data(arguments.sequences, item_path=arguments.items)
    if arguments.command == "rating":
        return RATING, read_rating_data(arguments.ratings, item_path=arguments.items)
    if arguments.train is not None:
        return GIVEN, read_given_data(arguments.train, arguments.test, item_path=arguments.items)
    protocol = MICROSOFT if arguments.protocol == MICROSOFT.key else GORSE
    return protocol, read_rating_data(arguments.ratings, item_path=arguments.items)


def _make_shared() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--items", type=Path, metavar="FILE.jsonl", help="what the items are, for learners that read it"
    )
    shared.add_argument(
        "--learners", default="auto", help="keys with commas between, all, auto (default), or module:Class of your own"
    )
    shared.add_argument(
        "--budget-minutes",
        type=_read_positive,
        metavar="N",
        help=f"time to fit each row, all its runs together (auto: {BUDGET_MINUTES:g}, others: no limit)",
    )
    shared.add_argument("--memory-gib", type=_read_positive, default=MEMORY_GIB, help=f"default {MEMORY_GIB:g}")
    shared.add_argument("--seed", type=int, default=0, help="default 0")
    shared.add_argument("--json", type=Path, metavar="OUT", dest="json_path", help="write the figures to this file too")
    shared.add_argument("--peers", action="store_true", help="run other libraries too, each installed by itself")
    shared.add_argument("--peer-cache", type=Path, metavar="FOLDER", help="where they are installed (var/peers)")
    return shared


def _read_positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be above 0, not {text}")
    return number


def _read_folds(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError(f"must be 2 or more, not {text}")
    return number
