"""Finds a data set's file in a folder, plain or gzipped."""

from pathlib import Path

from catalog.importers.base import ImportSourceError


def find_file(source: Path, names: tuple[str, ...]) -> tuple[Path, str]:
    """Return the first of ``names`` in the folder ``source``, plain or with .gz, or ``source`` itself if it is one."""
    if not source.is_dir():
        name = source.name.removesuffix(".gz")
        if name in names:
            return source, name
        reason = f"expected {', '.join(names)} (or .gz), or the folder" if source.exists() else "no such file or folder"
        raise ImportSourceError(f"{source}: {reason}")
    for name in names:
        for path in (source / name, source / f"{name}.gz"):
            if path.exists():
                return path, name
    raise ImportSourceError(f"{source}: holds none of {', '.join(names)} (plain or .gz)")
