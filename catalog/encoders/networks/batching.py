"""Batches by a budget of tokens, with as little padding as sorting by length allows."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Positions = NDArray[np.intp]


def plan_batches(lengths: Sequence[int], *, tokens_per_batch: int) -> list[Positions]:
    """Split n texts into batches of at most ``tokens_per_batch`` tokens, padding counted, longest texts first.

    Each batch holds positions in ``lengths``; every position occurs once. A text longer than the budget is a batch
    of its own. Longest first, so that a batch too large for the memory fails at once and not after an hour.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    batches, start = [], 0
    while start < len(order):
        size = max(1, tokens_per_batch // max(1, lengths[order[start]]))
        batches.append(order[start : start + size])
        start += size
    return batches


def pad_batch(sequences: Sequence[Sequence[int]], *, padding: int) -> tuple[Tensor, Tensor | None]:
    """Return token ids (n, longest) padded on the right, and their mask, or None where nothing was padded.

    On the right for every model: with a causal model no token sees what follows it, and absolute positions stay
    right without being passed.
    """
    lengths = [len(sequence) for sequence in sequences]
    longest = max(lengths)
    ids = np.full((len(sequences), longest), padding, dtype=np.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
    if min(lengths) == longest:
        return torch.from_numpy(ids), None
    mask = np.arange(longest) < np.asarray(lengths)[:, None]
    return torch.from_numpy(ids), torch.from_numpy(mask.astype(np.int64))
