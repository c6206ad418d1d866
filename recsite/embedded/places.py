"""Where the embedded servers keep things; computed, never created, here."""

from __future__ import annotations

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from recsite.ownership import find_future_owner

POSTGRES_PORT = 5432  # part of the socket's file name only: nothing listens on TCP


@dataclass(frozen=True, kw_only=True)
class Places:
    """The folders and files of one installation, and the user and group that its servers run as."""

    var: Path
    uid: int
    gid: int

    @property
    def socket_folder(self) -> Path:
        """Short, because a unix socket's path may have 107 bytes; one for each var folder and user."""
        digest = hashlib.sha256(os.fsencode(self.var)).hexdigest()[:12]
        return Path(f"/tmp/recsite-{self.uid}-{digest}")  # owner and mode are checked before use

    @property
    def log(self) -> Path:
        """What the servers and their keepers write of themselves."""
        return self.var / "log"

    @property
    def keeper_log(self) -> Path:
        """What both keepers write."""
        return self.log / "keeper.log"

    @property
    def run(self) -> Path:
        """Locks and the state of the servers."""
        return self.var / "run"

    @property
    def postgres(self) -> Path:
        """The data of Postgres."""
        return self.var / "postgres"

    @property
    def valkey(self) -> Path:
        """The data of Valkey."""
        return self.var / "valkey"

    @property
    def postgres_socket(self) -> Path:
        """Named as libpq expects it."""
        return self.socket_folder / f".s.PGSQL.{POSTGRES_PORT}"

    @property
    def valkey_socket(self) -> Path:
        """For the broker and the cache."""
        return self.socket_folder / "valkey.sock"


def find_places(var: Path) -> Places:
    """The places under a var folder: root never runs a server, so it lends it to the data's owner or to nobody."""
    var = var.resolve()
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        owners = (find_future_owner(path) for path in (var / "postgres", var / "valkey", var))
        uid, gid = next((owner for owner in owners if owner[0]), None) or _find_nobody()
    return Places(var=var, uid=uid, gid=gid)


def _find_nobody() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return 65534, 65534
    return entry.pw_uid, entry.pw_gid
