"""What the machine has: said beside the figures, and held against what a training needs."""

import os
import platform
import resource
import sys
from pathlib import Path
from typing import Any

GIB = 1024**3
MIB = 1024**2

_STATUS = "/proc/{}/status"


def describe_machine() -> dict[str, Any]:
    """Return cores, memory, kind of processor and Python of this machine; nothing that names it."""
    return {
        "cores": count_cores(),
        "memory_gib": round(read_total_memory() / GIB, 1),
        "processor": _read_processor(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def count_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_total_memory() -> int:
    """Return the bytes of memory that there are: those of the machine, or fewer where a control group says so."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(path).read_text("ascii")))
        except (OSError, ValueError):
            continue
    return total


def read_memory(pid: int) -> tuple[int, int]:
    """Return the bytes that a process holds now and has held at its peak; zeros where the system does not tell.

    The peak is that of the program that runs: what the parent held when it started the process is not in it, as
    it would be in ``getrusage``.
    """
    found = {"VmRSS": 0, "VmHWM": 0}
    try:
        lines = Path(_STATUS.format(pid)).read_text("ascii", "replace").splitlines()
    except OSError:
        return 0, 0
    for line in lines:
        name, _, rest = line.partition(":")
        if name in found:
            found[name] = int(rest.split()[0]) * 1024
    return found["VmRSS"], found["VmHWM"]


def read_own_peak() -> int:
    """Return the most bytes that this process has held."""
    peak = read_memory(os.getpid())[1]
    if peak:
        return peak
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _read_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({platform.machine()})" if names else platform.machine()
