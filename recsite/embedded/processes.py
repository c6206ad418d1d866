"""Telling one of our server processes from a stranger that has its number by now."""

from __future__ import annotations

from pathlib import Path


def is_running(pid: int, marker: bytes) -> bool:
    """
    Whether the process lives and an argument of its command ends with the marker; False where there is no /proc.

    Not "is", because Valkey rewrites its own command line.
    """
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(word.rstrip().endswith(marker) for word in words)
