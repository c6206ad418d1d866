"""A secret key of an installation's own, for where none need be given."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from recsite.ownership import give_to_folder_owner, make_folder

FILE_NAME = "secret_key"


class SecretKeyError(Exception):
    """There is no secret key, and none could be made."""


def read_or_make_secret_key(var: Path) -> str:
    """The key kept in the folder, made at the first call; processes that start at once agree on one."""
    path = var / FILE_NAME
    try:
        if not path.exists():
            _make_secret_key(path)
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise SecretKeyError(f"not set, and {path} cannot be used ({reason}; see RECSITE_VAR)") from None
    if not key:
        raise SecretKeyError(f"not set, and {path} is empty (remove it to have one made)")
    return key


def _make_secret_key(path: Path) -> None:
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{FILE_NAME}-")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        give_to_folder_owner(Path(name))
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
