"""Items encoded a second: our encoders beside sentence-transformers on the same weights and texts."""

import argparse
import csv
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from benchmarks.report import add_json_argument, write_report
from catalog.encoders.hashing import HashingEncoder
from catalog.encoders.networks.model_folder import find_model_folder
from catalog.encoders.transformer import TransformerEncoder
from catalog.item_text import compose_text

_VOCABULARY = (
    "red leather shoes history of the roman empire a novel about family and war in winter light blue cotton shirt "
    "wireless noise cancelling headphones with long battery life organic green tea from high mountains first edition "
    "illustrated guide to birds small wooden table for the kitchen detective returns murder mystery island love letters"
)
_SECONDS = 45  # rounds end by then
Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=Path, help="JSON lines or CSV with title, text, categories columns")
    parser.add_argument("--limit", type=int, default=400, help="texts to encode (default 400)")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds at most (default 5)")
    parser.add_argument("--model", default=TransformerEncoder.Options().model, help="hub id or folder")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=1)
    add_json_argument(parser)
    options = parser.parse_args()
    texts = read_texts(options.items) if options.items else make_texts(options.limit, seed=options.seed)
    texts = random.Random(options.seed).sample(texts, min(options.limit, len(texts)))
    rows = measure(texts, model=options.model, device=options.device, rounds=options.rounds)
    lengths = sorted(len(text) for text in texts)
    write_report(
        rows,
        protocol=f"median of up to {options.rounds} interleaved rounds after a warm-up; ratio: median over rounds of "
        f"the same round's speed by that of sentence-transformers encode with its defaults; {options.device}, "
        f"{torch.get_num_threads()} threads",
        data=f"{len(texts)} texts of {options.items.name if options.items else 'generated words'}, characters: "
        f"median {lengths[len(lengths) // 2]}, longest {lengths[-1]}",
        seed=options.seed,
        json_path=options.json_path,
    )


def make_texts(count: int, *, seed: int) -> list[str]:
    """Make texts as a catalogue has them: half titles, a third with a blurb, the rest long descriptions."""
    draw, words = random.Random(seed), _VOCABULARY.split()
    spans = draw.choices([(2, 12), (15, 60), (60, 300)], weights=[50, 33, 17], k=count)
    return [" ".join(draw.choices(words, k=draw.randint(*span))) for span in spans]


def read_texts(path: Path) -> list[str]:
    """Read the items of a JSON-lines or CSV file and compose what encoders read of each."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [json.loads(line) for line in stream] if path.suffix != ".csv" else list(csv.DictReader(stream))
    return [
        compose_text(
            title=row.get("title"),
            text=row.get("text"),
            categories=row.get("categories"),
            attributes=row.get("attributes"),
        )
        for row in rows
    ]


def measure(texts: Sequence[str], *, model: str, device: str, rounds: int) -> list[dict[str, object]]:
    """Time every encoder on ``texts`` in interleaved rounds; the peer comes first."""
    peer = SentenceTransformer(str(find_model_folder(model)), device=device, local_files_only=True)

    def build(dtype: Literal["fp32", "bf16"]) -> Encode:
        return TransformerEncoder(TransformerEncoder.Options(model=model, device=device, dtype=dtype)).encode_documents

    encoders: dict[str, Encode] = {
        "sentence-transformers fp32": lambda some: peer.encode(list(some)),
        "transformer fp32": build("fp32"),
        "transformer bf16": build("bf16"),
        "hashing": HashingEncoder(HashingEncoder.Options()).encode_documents,
    }
    speeds: dict[str, list[float]] = {name: [] for name in encoders}
    vectors: dict[str, NDArray[np.float32]] = {}
    begun = time.perf_counter()
    for turn in range(rounds + 1):
        if turn > 1 and time.perf_counter() - begun > _SECONDS * turn / (turn + 1):
            break  # the next round would end too late: a busy machine gets fewer
        for name, encode in encoders.items():
            started = time.perf_counter()
            vectors[name] = encode(texts if turn else texts[: max(1, len(texts) // 8)])
            if turn:
                speeds[name].append(len(texts) / (time.perf_counter() - started))
    peer_name = next(iter(encoders))
    theirs = vectors[peer_name] / np.linalg.norm(vectors[peer_name], axis=1, keepdims=True)
    rows: list[dict[str, object]] = []
    for name in encoders:
        row: dict[str, object] = {"name": name, "items_per_s": statistics.median(speeds[name])}
        if name != peer_name:
            ratios = [ours / peers for ours, peers in zip(speeds[name], speeds[peer_name], strict=True)]
            row["ratio"] = statistics.median(ratios)
        row["rounds"] = len(speeds[name])
        if name.startswith("transformer"):
            cosines = (vectors[name] * theirs).sum(axis=1)
            row |= {"lowest_cosine": float(cosines.min()), "mean_cosine": float(cosines.mean())}
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
