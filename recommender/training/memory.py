"""The memory that this process may still take: what the machine has left, or its container where that is less."""

import re
from pathlib import Path

_ROOT = Path("/")


def find_available_bytes(root: Path = _ROOT) -> int | None:
    """Return the bytes that may still be taken, the least of machine and control groups; None where nothing tells.

    Files in the page cache count as free: the kernel gives them up. ``root`` is where /proc and /sys are found.
    """
    found = [_read_machine(root), _read_group(root), _read_old_group(root)]
    known = [size for size in found if size is not None]
    return max(0, min(known)) if known else None


def _read_machine(root: Path) -> int | None:
    match = re.search(r"^MemAvailable:\s+(\d+) kB$", _read(root / "proc/meminfo"), flags=re.MULTILINE)
    return int(match[1]) * 1024 if match else None


def _read_group(root: Path) -> int | None:
    """Control groups of version 2, where this process sees its own at the top."""
    folder = root / "sys/fs/cgroup"
    return _find_room(folder, "memory.max", "memory.current", "inactive_file")


def _read_old_group(root: Path) -> int | None:
    folder = root / "sys/fs/cgroup/memory"
    return _find_room(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def _find_room(folder: Path, limit_name: str, usage_name: str, cache_name: str) -> int | None:
    limit, usage = _read(folder / limit_name).strip(), _read(folder / usage_name).strip()
    if not limit.isdigit() or not usage.isdigit():  # "max", or no such control group
        return None
    cache = re.search(rf"^{cache_name} (\d+)$", _read(folder / "memory.stat"), flags=re.MULTILINE)
    return int(limit) - int(usage) + (int(cache[1]) if cache else 0)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
