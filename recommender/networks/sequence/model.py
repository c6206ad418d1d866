"""The network: item vectors in, a stack of blocks, and the same item vectors to compare the outcome with."""

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from recommender.networks.sequence.blocks import make_block
from recommender.networks.sequence.pieces import Dropout, Norm, drop
from recommender.networks.sequence.plan import NetworkLayout, unpack_layout

_LAYOUT = "layout"


class SequenceNetwork(nn.Module):
    """Says by a vector for each position which item is next: by the inner product with its vector, plus its bias."""

    def __init__(self, items: int, layout: NetworkLayout) -> None:
        super().__init__()
        self.layout = layout
        self.embedding = nn.Parameter(torch.randn(items, layout.width) * 0.5 * layout.width**-0.5)
        self.bias = nn.Parameter(torch.zeros(items))
        self.blocks = nn.ModuleList(make_block(name, layout) for name in layout.layers)
        self.enter, self.leave = Norm(layout.width), Norm(layout.width)

    def forward(
        self, items: Tensor, table: Tensor, dropout: Dropout | None = None, rates: tuple[float, float] = (0.0, 0.0)
    ) -> Tensor:
        """Return (b, n, width), in the numbers of ``table``, for ``items`` (b, n), oldest first.

        ``table`` (V, width) are the item vectors. ``rates`` are what ``dropout`` drops of the input and in the blocks.
        """
        x = drop(self.enter(functional.embedding(items, table)), dropout, rates[0])
        for block in self.blocks:
            x = block(x, dropout, rates[1])
        leave: Tensor = self.leave(x)
        return leave

    def pack(self) -> dict[str, NDArray[Any]]:
        """Return the weights, float32, and the layout as arrays that ``unpack_network`` takes back."""
        weights = {name: weight.detach().cpu().numpy() for name, weight in self.state_dict().items()}
        return {**weights, _LAYOUT: self.layout.pack()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take the weights from ``arrays``, which may hold more."""
        self.load_state_dict({name: torch.tensor(arrays[name]) for name in self.state_dict()})


def make_network(items: int, layout: NetworkLayout, *, seed: int) -> SequenceNetwork:
    """Return a network with random weights that follow from ``seed``; the random state of the process stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SequenceNetwork(items, layout)


def unpack_network(arrays: Mapping[str, NDArray[Any]]) -> SequenceNetwork:
    """Return the network that was packed."""
    network = make_network(len(arrays["bias"]), unpack_layout(arrays[_LAYOUT]), seed=0)
    network.restore(arrays)
    return network.eval()
