"""Reads the lines of a plain or gzipped file in constant memory, and says where reading went wrong."""

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from catalog.importers.base import ImportSourceError

MAX_ROW = 32 * 1024 * 1024
"""Bytes of one row (and so of one line); a longer one is reported and passed over."""

_BUFFER = 256 * 1024
_GZIP = b"\x1f\x8b"
_WIDE_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class SourceLine(NamedTuple):
    """One line with its end; ``problem`` says why its text cannot be trusted, "" if it can."""

    number: int
    text: str
    problem: str


def read_lines(source: Path, *, encoding: str = "utf-8") -> Iterator[SourceLine]:
    """Yield the lines of ``source``, numbered from 1; gzip is told by its first bytes, not by the name.

    A line with bytes that are not ``encoding`` carries a problem that names the byte; so does one longer
    than MAX_ROW, whose text is dropped. Raise ImportSourceError if the file cannot be opened or read further.
    """
    decode = _check_encoding(source, encoding)
    with open_source(source) as stream:
        number = 0
        while raw := _read_line(source, stream, number):
            number += 1
            if number == 1:
                raw = _strip_bom(source, raw)
            problem = ""
            if len(raw) > MAX_ROW:
                problem = f"a line of more than {MAX_ROW:,} bytes"
                _skip_line(source, stream, number)
                raw = b"\n"
            try:
                text, _ = decode(raw, "strict")
            except UnicodeDecodeError as error:
                text, _ = decode(raw, "replace")
                place = f"byte {error.start + 1} of line {number} (0x{raw[error.start]:02X})"
                problem = problem or f"not {encoding}: {place}; give the file's encoding"
            yield SourceLine(number, text, problem)


def open_source(source: Path) -> io.BufferedReader:
    """Open a plain or gzipped file for reading bytes; raise ImportSourceError naming the reason."""
    try:
        stream: io.BufferedReader = io.BufferedReader(io.FileIO(source), _BUFFER)
    except OSError as error:
        raise ImportSourceError(f"{source}: {error.strerror or error}") from error
    try:
        gzipped = stream.peek(2)[:2] == _GZIP
    except OSError as error:
        stream.close()
        raise ImportSourceError(f"{source}: {error.strerror or error}") from error
    if not gzipped:
        return stream
    return io.BufferedReader(_Inflated(stream), _BUFFER)


class _Inflated(io.RawIOBase):
    """Decompresses as it is read, and hands out all that came before an error; GzipFile.read would drop it."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self._gzip = gzip.GzipFile(fileobj=stream)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._gzip.readinto1(buffer)

    def close(self) -> None:
        self._gzip.close()
        self._stream.close()
        super().close()


def _read_line(source: Path, stream: io.BufferedReader, number: int) -> bytes:
    try:
        return stream.readline(MAX_ROW + 1)
    except EOFError as error:
        raise ImportSourceError(f"{source}: the gzip data ends early, after line {number}") from error
    except (zlib.error, OSError) as error:
        raise ImportSourceError(f"{source}: cannot be read on after line {number}: {error}") from error


def _skip_line(source: Path, stream: io.BufferedReader, number: int) -> None:
    while (rest := _read_line(source, stream, number)) and not rest.endswith(b"\n"):
        pass


def _strip_bom(source: Path, raw: bytes) -> bytes:
    if raw.startswith(codecs.BOM_UTF8):
        return raw[3:]
    if raw.startswith(_WIDE_BOMS):
        raise ImportSourceError(f"{source}: UTF-16 or UTF-32 text; save it as UTF-8")
    return raw


def _check_encoding(source: Path, encoding: str) -> Callable[[bytes, str], tuple[str, int]]:
    try:
        info = codecs.lookup(encoding)
        if info.encode("\n,")[0] != b"\n," or not info._is_text_encoding:
            raise LookupError
    except (LookupError, ValueError, TypeError):
        message = f"{source}: {encoding!r} is not an encoding that can be read (utf-8, latin-1, gb18030, …)"
        raise ImportSourceError(message) from None
    return info.decode
