"""Encodes what items say with the default encoder, in a process of its own, as a worker would before any training."""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import django
import numpy as np

from benchmarks.accuracy.scratch_data import save_content
from benchmarks.accuracy.watching import run_watched
from catalog.encoders.transformer import TransformerEncoder
from catalog.item_text import compose_text
from catalog.records import ItemRecord

_BATCH = 512


class EncodingFailed(Exception):
    """The texts of the items cannot be encoded; the message says why."""


def encode_items(records: Sequence[ItemRecord | None], folder: Path, *, show: Callable[[str], None]) -> float:
    """Write the vectors of the records' texts (I, d) to ``folder``, rows of zeros where there is none; return seconds.

    Raises:
        EncodingFailed: the process did not come to its end.
    """
    begun = time.perf_counter()
    texts = [
        ""
        if record is None
        else compose_text(
            title=record.title, text=record.text, categories=record.categories, attributes=record.attributes
        )
        for record in records
    ]
    (folder / "texts.json").write_text(json.dumps(texts), "utf-8")
    ending = run_watched(
        [sys.executable, "-m", "benchmarks.accuracy.contents", str(folder)],
        log_path=folder / "content-log.txt",
        memory_limit=sys.maxsize,
        on_line=lambda line: show(f"texts of the items: {line}"),
    )
    if ending.error:
        raise EncodingFailed(f"the texts of the items cannot be encoded: {ending.error}")
    return time.perf_counter() - begun


def main() -> None:
    """Encode the texts of the folder on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
    django.setup()
    folder = Path(sys.argv[1])
    texts: list[str] = json.loads((folder / "texts.json").read_text("utf-8"))
    encoder = TransformerEncoder(TransformerEncoder.Options())
    content = np.zeros((len(texts), encoder.dimensions), dtype=np.float32)
    there = np.array([place for place, text in enumerate(texts) if text], dtype=np.int64)
    for start in range(0, len(there), _BATCH):
        part = there[start : start + _BATCH]
        content[part] = encoder.encode_documents([texts[place] for place in part])
        print(f"{start + len(part):,} of {len(there):,}", flush=True)
    save_content(content, folder)


if __name__ == "__main__":
    main()
