"""What memory there is: of the machine, and of control groups of both versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.training.memory import find_available_bytes

MEMINFO = "MemTotal:       8000 kB\nMemFree:        1000 kB\nMemAvailable:   4000 kB\n"


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def write_group(root: Path, *, limit: str, usage: str = "600000\n", stat: str = "anon 5\ninactive_file 1000\n") -> Path:
    return write(
        root,
        sys__fs__cgroup__memory_DOT_max=limit,
        sys__fs__cgroup__memory_DOT_current=usage,
        sys__fs__cgroup__memory_DOT_stat=stat,
    )


def test_the_machine_tells_what_is_available(tmp_path: Path) -> None:
    assert find_available_bytes(write(tmp_path, proc__meminfo=MEMINFO)) == 4000 * 1024


def test_a_container_with_less_left_decides_and_its_file_cache_is_free(tmp_path: Path) -> None:
    write(tmp_path, proc__meminfo=MEMINFO)
    assert find_available_bytes(write_group(tmp_path, limit="1000000\n")) == 401_000


def test_a_container_without_a_limit_does_not(tmp_path: Path) -> None:
    write(tmp_path, proc__meminfo=MEMINFO)
    assert find_available_bytes(write_group(tmp_path, limit="max\n")) == 4000 * 1024


def test_one_beyond_its_limit_has_nothing_left(tmp_path: Path) -> None:
    assert find_available_bytes(write_group(tmp_path, limit="500000", stat="")) == 0


def test_a_control_group_of_the_first_version(tmp_path: Path) -> None:
    folder = tmp_path / "sys/fs/cgroup/memory"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text("900\n")
    (folder / "memory.usage_in_bytes").write_text("500\n")
    (folder / "memory.stat").write_text("inactive_file 7\ntotal_inactive_file 50\n")
    assert find_available_bytes(tmp_path) == 450


def test_where_nothing_tells_there_is_no_answer(tmp_path: Path) -> None:
    assert find_available_bytes(tmp_path) is None


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="no /proc here")
def test_this_machine_has_some() -> None:
    available = find_available_bytes()
    assert available is not None
    assert available > 2**20
