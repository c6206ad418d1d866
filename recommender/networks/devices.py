"""Where networks run, and in which numbers."""

import re
from pathlib import Path

import torch
from django.conf import settings

_FAST_HALF = re.compile(r"\b(amx_bf16|avx512_bf16)\b")
_CPU_FLAGS = Path("/proc/cpuinfo")


def choose_device() -> torch.device:
    """Return the device that RECSITE_DEVICE names, else a CUDA GPU if there is one, else the CPU."""
    name = getattr(settings, "RECSITE_DEVICE", "auto") if settings.configured else "auto"
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def choose_number_type(device: torch.device, *, cpu_flags: Path = _CPU_FLAGS) -> torch.dtype:
    """Return bfloat16 where ``device`` has units for it, else float32; ``cpu_flags`` is where Linux tells."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    try:
        flags = cpu_flags.read_text()
    except OSError:
        return torch.float32
    return torch.bfloat16 if device.type == "cpu" and _FAST_HALF.search(flags) else torch.float32
