"""The private folder that holds the servers' unix sockets."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from recsite.embedded.errors import EmbeddedError
from recsite.embedded.places import Places


def make_socket_folder(places: Places) -> None:
    """Makes the folder, or checks that the one which is there is no link, ours, and closed to others."""
    folder = places.socket_folder
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    else:
        if os.geteuid() != places.uid:
            os.chown(folder, places.uid, places.gid, follow_symlinks=False)
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != places.uid or status.st_mode & 0o077:
        raise EmbeddedError(f"{folder} is not a private folder of user {places.uid}: remove it and start again")


def remove_socket_folder(places: Places) -> None:
    """Removes the folder unless another server's socket is in it."""
    with suppress(OSError):
        os.rmdir(places.socket_folder)
