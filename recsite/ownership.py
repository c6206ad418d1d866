"""Files that root makes in a folder of another user stay usable by that user."""

from __future__ import annotations

import os
from pathlib import Path


def give_to_folder_owner(path: Path) -> None:
    """Makes the owner of the folder that a path lies in the owner of the path, where this process may."""
    owner = path.parent.stat()
    if os.geteuid() == 0 and path.stat().st_uid != owner.st_uid:
        os.chown(path, owner.st_uid, owner.st_gid)


def make_folder(path: Path) -> None:
    """Makes a folder and those above it, each with the owner of the one that it lies in."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        give_to_folder_owner(path)


def find_future_owner(path: Path) -> tuple[int, int]:
    """The user and the group that a path has, or would have after `make_folder`."""
    while not path.exists():
        path = path.parent
    status = path.stat()
    return status.st_uid, status.st_gid
