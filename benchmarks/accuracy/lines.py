"""Reads the lines of a plain text file, gzipped or not, and says which line is wrong."""

import gzip
import zlib
from pathlib import Path

_GZIP = b"\x1f\x8b"


class FileError(ValueError):
    """A file cannot be used; the message names it, and the line where there is one."""

    def __init__(self, path: Path, reason: str, *, line: int | None = None) -> None:
        super().__init__(f"{path}: {reason}" if line is None else f"{path}, line {line}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


def read_lines(path: Path) -> list[str]:
    """Return the lines without their ends, blank ones too, so that the n-th is line n of the file.

    Whether the file is gzipped is told by its first bytes, not by its name. Raise FileError for a file that is not
    there, broken, or not UTF-8.
    """
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileError(path, f"the gzip data is broken: {error}") from error
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(path, "not UTF-8", line=content.count(b"\n", 0, error.start) + 1) from error
    return text.replace("\r\n", "\n").split("\n")
