"""Where refused rows go: the first few to the terminal, all of them to a file."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO

from catalog.records import RowError


class RefusedRows:
    """Takes errors as they come; ``path`` is made at the first one, one JSON object a line. A context manager."""

    def __init__(self, path: Path, *, show: Callable[[str], object], most_shown: int) -> None:
        self.path = path
        self.errors = 0
        self._show = show
        self._most_shown = most_shown
        self._file: IO[str] | None = None

    def add(self, errors: Sequence[RowError]) -> None:
        """Take the errors of one row."""
        for error in errors:
            self.errors += 1
            if self.errors <= self._most_shown:
                self._show(f"line {error.line}: {error.field}: {error.reason}" if error.field else _name_row(error))
            self._write(error)

    def summarize(self) -> str:
        """Return where the rest is."""
        hidden = self.errors - min(self.errors, self._most_shown)
        return f"{hidden:,} more errors, all of them in {self.path}" if hidden else f"also in {self.path}"

    def _write(self, error: RowError) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace")
        self._file.write(json.dumps(asdict(error), ensure_ascii=False) + "\n")

    def __enter__(self) -> "RefusedRows":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()


def _name_row(error: RowError) -> str:
    return f"line {error.line}: {error.reason}"
