"""Locks between processes that the kernel lets go of when a process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recsite.ownership import give_to_folder_owner


class FileLock:
    """A `flock` on a file of its own; shared or exclusive, one at a time for each object."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take_shared(self) -> None:
        """Waits while another holds it alone."""
        fcntl.flock(self._open(), fcntl.LOCK_SH)

    def take_alone(self) -> None:
        """Waits while another holds it in any way."""
        fcntl.flock(self._open(), fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        """Whether it could be taken at once."""
        return self._try(fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        """Whether it could be taken at once, alone."""
        return self._try(fcntl.LOCK_EX)

    @property
    def is_open(self) -> bool:
        """Whether it is held or was about to be."""
        return self._descriptor is not None

    def release(self) -> None:
        """Lets go; children made by fork that still have the file open keep holding it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Held alone for the length of a block."""
        try:
            self.take_alone()
            yield
        finally:
            self.release()

    def _open(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            give_to_folder_owner(self.path)
        return self._descriptor

    def _try(self, operation: int) -> bool:
        try:
            fcntl.flock(self._open(), operation | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True
