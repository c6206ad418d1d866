"""Running server programs as an unprivileged user when this process is root."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from recsite.embedded.errors import EmbeddedError
from recsite.embedded.places import Places

READ_ANYWHERE = "+dac_read_search"
WALK_ANYWHERE = "+dac_override,+dac_read_search"


def make_owned_folder(path: Path, places: Places) -> None:
    """A private folder that belongs to the servers' user."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() == 0 and path.stat().st_uid != places.uid:
        os.chown(path, places.uid, places.gid)


def find_prefix(places: Places, *, program: Path, readable: Path, folder: Path) -> tuple[str, ...]:
    """
    What to put before a command so that it runs as the servers' user and can use the program and the folder.

    A checkout below a private home is out of that user's reach; then it is lent the right to pass folders, no more.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedError("run as root, the embedded servers need setpriv (util-linux); or run as another user")
    plain = (setpriv, f"--reuid={places.uid}", f"--regid={places.gid}", "--clear-groups")
    for lent in ((), _lend(READ_ANYWHERE), _lend(WALK_ANYWHERE)):
        prefix = (*plain, *lent)
        script = 'cd "$1" && [ -w . ] && [ -r "$2" ] && exec "$3" --version'
        probe = [*prefix, "/bin/sh", "-c", script, "sh", str(folder), str(readable), str(program)]
        if subprocess.run(probe, capture_output=True, cwd="/", check=False).returncode == 0:
            return prefix
    raise EmbeddedError(
        f"run as root, the embedded servers run as user {places.uid}, who cannot reach {folder} or {program}: "
        "set RECSITE_VAR to a folder that everyone can pass into, or run as another user"
    )


def _lend(capabilities: str) -> tuple[str, ...]:
    return (f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}")
