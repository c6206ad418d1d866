"""Hands a data set to another process: arrays in a folder, without keys, as learners need none."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.training.dataset import InteractionDataset

_ARRAYS = ("profile_ids", "item_ids", "published", "profiles", "items", "times", "strengths", "values", "kinds")


def save_dataset(dataset: InteractionDataset, folder: Path, name: str) -> None:
    """Write ``dataset`` without its content to ``folder``."""
    np.savez(folder / f"{name}.npz", **{field: getattr(dataset, field) for field in _ARRAYS})
    rest = {
        "catalog_id": dataset.catalog_id,
        "until": dataset.until.timestamp(),
        "kind_names": dataset.kind_names,
        "half_lives": dict(dataset.half_lives),
    }
    (folder / f"{name}.json").write_text(json.dumps(rest), "utf-8")


def load_dataset(folder: Path, name: str) -> InteractionDataset | None:
    """Return the dataset that was saved under ``name``, None where there is none."""
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    rest = json.loads(path.read_text("utf-8"))
    with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
        columns = {field: arrays[field] for field in _ARRAYS}
    return InteractionDataset(
        catalog_id=rest["catalog_id"],
        until=datetime.fromtimestamp(rest["until"], UTC),
        kind_names=tuple(rest["kind_names"]),
        half_lives=rest["half_lives"],
        **columns,
    )


def save_content(content: NDArray[np.float32], folder: Path) -> None:
    """Write the items' text vectors (I, d) to ``folder``."""
    np.save(folder / "content.npy", content)


def add_content(dataset: InteractionDataset, folder: Path) -> InteractionDataset:
    """Return ``dataset`` with the text vectors of ``folder``, as it is where there are none."""
    path = folder / "content.npy"
    return replace(dataset, content=np.load(path, allow_pickle=False)) if path.exists() else dataset
