"""Where networks run: what the setting says, and half precision where the processor has units for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from recommender.networks.devices import choose_device, choose_number_type


def test_the_setting_names_the_device(settings: Any) -> None:
    settings.RECSITE_DEVICE = "cuda:3"
    assert choose_device() == torch.device("cuda:3")


def test_by_itself_it_takes_a_gpu_where_there_is_one(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RECSITE_DEVICE = "auto"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device().type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device().type == "cuda"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("flags : fpu avx512f amx_bf16 amx_tile", torch.bfloat16),
        ("flags : fpu avx512_bf16", torch.bfloat16),
        ("flags : fpu avx2 avx512f", torch.float32),
        ("", torch.float32),
    ],
)
def test_half_precision_is_taken_where_the_processor_has_it(flags: str, expected: torch.dtype, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(flags)
    assert choose_number_type(torch.device("cpu"), cpu_flags=tmp_path / "cpuinfo") == expected


def test_an_unknown_processor_counts_in_full(tmp_path: Path) -> None:
    assert choose_number_type(torch.device("cpu"), cpu_flags=tmp_path / "none") == torch.float32
