"""Histories in, query vectors out."""

import numpy as np
import torch
from numpy.typing import NDArray

from recommender.networks.sequence.batches import group_by_size, pad_histories
from recommender.networks.sequence.model import SequenceNetwork

_CPU_TOKENS = 8192
_GPU_TOKENS = 131_072
"""Padded positions that are encoded at once."""


@torch.inference_mode()
def encode_histories(
    network: SequenceNetwork,
    items: NDArray[np.int64],
    offsets: NDArray[np.int64],
    *,
    device: torch.device,
) -> NDArray[np.float32]:
    """Return float32 (P, width): the vector behind the last item of each history, zeros without a step.

    The history p, oldest first, is ``items[offsets[p]:offsets[p + 1]]``; its latest items that the network can read
    are. In float32 on every device, so that a vector is the same, but for rounding, wherever it was made.
    """
    layout = network.layout
    network = network.to(device)
    vectors = np.zeros((len(offsets) - 1, layout.width), dtype=np.float32)
    sizes = np.minimum(np.diff(offsets), layout.length)
    order = np.argsort(sizes, kind="stable")
    order = order[sizes[order] > 0]
    tokens = _CPU_TOKENS if device.type == "cpu" else _GPU_TOKENS
    for rows in group_by_size(order, sizes, tokens=tokens):
        stops = offsets[rows + 1]
        histories = [items[stop - size : stop] for stop, size in zip(stops, sizes[rows], strict=True)]
        padded = torch.from_numpy(pad_histories(histories)).to(device)
        found = network(padded, network.embedding)
        last = found[torch.arange(len(rows)), torch.from_numpy(sizes[rows] - 1).to(device)]
        vectors[rows] = last.cpu().numpy()
    return vectors
