"""Collecting static files only when some file has changed, since compressing them takes a while."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect_static_files(say: Callable[[str], object]) -> None:
    """Brings STATIC_ROOT up to date, and says so beforehand where there is anything to do."""
    mark = Path(settings.STATIC_ROOT) / ".collected"
    digest = _digest_sources()
    if mark.exists() and mark.read_text() == digest:
        return
    say("collecting and compressing static files")
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    mark.write_text(digest)


def _digest_sources() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
