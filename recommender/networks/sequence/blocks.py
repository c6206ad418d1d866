"""The blocks that a sequence network can be stacked from: each reads what came before a position, and no later one."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from recommender.networks.sequence.pieces import Dropout, Linear, Norm, drop
from recommender.networks.sequence.plan import BlockName, NetworkLayout

_LATER = -1e4
"""Added to the score of a position that is not to be looked at: its exponential is 0 in half precision."""


class FeedForward(nn.Module):
    """Norm, widen, SiLU, narrow, beside which the input goes on."""

    def __init__(self, layout: NetworkLayout) -> None:
        super().__init__()
        self.norm = Norm(layout.width)
        self.up = Linear(layout.width, layout.hidden * layout.width)
        self.down = Linear(layout.hidden * layout.width, layout.width, 0.5)

    def forward(self, x: Tensor, dropout: Dropout | None, rate: float) -> Tensor:
        """Return (b, n, width) for ``x`` (b, n, width)."""
        y = drop(functional.silu(self.up(self.norm(x))), dropout, rate)
        return x + drop(self.down(y), dropout, rate)


class DistanceBias(nn.Module):
    """A learned number for each head and distance; at the start heads differ in how far back they look.

    Distances in place of positions: Shaw et al. 2018, arXiv:1803.02155; slopes by head as in ALiBi, arXiv:2108.12409.
    """

    def __init__(self, layout: NetworkLayout, slope: float) -> None:
        super().__init__()
        slopes = slope * torch.arange(layout.heads) / max(1, layout.heads - 1)
        self.table = nn.Parameter(-slopes[:, None] * torch.log1p(torch.arange(layout.length).float()))

    def forward(self, length: int) -> Tensor:
        """Return (heads, length, length): row is the position that looks, column the one looked at."""
        return self.table[:, measure_gaps(length, self.table.device).clamp_min(0)]


class Attention(nn.Module):
    """Causal self-attention before a feed-forward part, norms first: SASRec (Kang and McAuley 2018, arXiv:1808.09781).

    In place of learned positions there is a bias by distance.
    """

    def __init__(self, layout: NetworkLayout) -> None:
        super().__init__()
        self.layout = layout
        self.norm = Norm(layout.width)
        self.qkv = Linear(layout.width, 3 * layout.width, 0.7)
        self.out = Linear(layout.width, layout.width, 0.5)
        self.distance = DistanceBias(layout, 1.5)
        self.feed = FeedForward(layout)

    def forward(self, x: Tensor, dropout: Dropout | None, rate: float) -> Tensor:
        """Return (b, n, width) for ``x`` (b, n, width)."""
        length = x.shape[1]
        query, key, value = split_heads(self.qkv(self.norm(x)), self.layout, parts=3)
        later = measure_gaps(length, x.device) < 0
        bias = self.distance(length).masked_fill(later, _LATER).to(x.dtype)
        scores = query * query.shape[-1] ** -0.5 @ key.transpose(-1, -2) + bias
        y = join_heads(torch.softmax(scores, -1) @ value)
        z: Tensor = self.feed(x + drop(self.out(y), dropout, rate), dropout, rate)
        return z


class Hstu(nn.Module):
    """SiLU in place of the softmax, a gated output and no feed-forward part: Zhai et al. 2024, arXiv:2402.17152."""

    def __init__(self, layout: NetworkLayout) -> None:
        super().__init__()
        self.layout = layout
        self.norm, self.norm_out = Norm(layout.width), Norm(layout.width)
        self.uvqk = Linear(layout.width, 4 * layout.width)
        self.out = Linear(layout.width, layout.width, 0.7)
        self.distance = DistanceBias(layout, 0.5)

    def forward(self, x: Tensor, dropout: Dropout | None, rate: float) -> Tensor:
        """Return (b, n, width) for ``x`` (b, n, width)."""
        length, width = x.shape[1:]
        mixed = functional.silu(self.uvqk(self.norm(x)))
        gate, rest = mixed[..., :width], mixed[..., width:]
        value, query, key = split_heads(rest, self.layout, parts=3)
        scores = query * query.shape[-1] ** -0.5 @ key.transpose(-1, -2) + self.distance(length).to(x.dtype)
        earlier = (measure_gaps(length, x.device) >= 0).to(x.dtype) / 16
        y = join_heads(functional.silu(scores) * earlier @ value)
        z: Tensor = x + self.out(drop(self.norm_out(y) * gate, dropout, rate))
        return z


class Gru(nn.Module):
    """A gated recurrent layer beside which the input goes on: GRU4Rec (Hidasi et al. 2016, arXiv:1511.06939)."""

    def __init__(self, layout: NetworkLayout) -> None:
        super().__init__()
        self.norm = Norm(layout.width)
        self.gru = nn.GRU(layout.width, layout.hidden * layout.width, batch_first=True)
        self.out = Linear(layout.hidden * layout.width, layout.width, 0.7)

    def forward(self, x: Tensor, dropout: Dropout | None, rate: float) -> Tensor:
        """Return (b, n, width) for ``x`` (b, n, width)."""
        # In float32: what is carried from step to step adds up, and cuDNN wants the weights as they are.
        y, _ = self.gru(self.norm(x).float())
        return x + drop(self.out(y.to(x.dtype)), dropout, rate)


class Mixer(nn.Module):
    """Learned weights by distance in place of attention, with a gate, before a feed-forward part.

    Each head starts as a decay with a half-life of its own, from half a step to 32.
    """

    def __init__(self, layout: NetworkLayout) -> None:
        super().__init__()
        self.layout = layout
        self.norm = Norm(layout.width)
        self.uv = Linear(layout.width, 2 * layout.width)
        self.out = Linear(layout.width, layout.width, 0.5)
        half_lives = 0.5 * 2 ** (torch.arange(layout.heads).float() * 6 / max(1, layout.heads - 1))
        kernel = 0.5 ** (torch.arange(layout.length).float() / half_lives[:, None])
        self.kernel = nn.Parameter(kernel / kernel.pow(2).sum(1, keepdim=True).sqrt())
        self.feed = FeedForward(layout)

    def forward(self, x: Tensor, dropout: Dropout | None, rate: float) -> Tensor:
        """Return (b, n, width) for ``x`` (b, n, width)."""
        gate, value = self.uv(self.norm(x)).chunk(2, -1)
        gaps = measure_gaps(x.shape[1], x.device)
        kernel = self.kernel[:, gaps.clamp_min(0)].masked_fill(gaps < 0, 0.0).to(x.dtype)
        y = join_heads(kernel @ split_heads(value, self.layout, parts=1)[0])
        z: Tensor = self.feed(x + drop(self.out(functional.silu(gate) * y), dropout, rate), dropout, rate)
        return z


def make_block(name: BlockName, layout: NetworkLayout) -> nn.Module:
    """Return a new block of the kind ``name``."""
    kinds: dict[BlockName, type[nn.Module]] = {"mixer": Mixer, "attention": Attention, "hstu": Hstu, "gru": Gru}
    return kinds[name](layout)


def measure_gaps(length: int, device: torch.device) -> Tensor:
    """Return (length, length): how many steps the column lies before the row, below 0 where it is later."""
    places = torch.arange(length, device=device)
    return places[:, None] - places


def split_heads(x: Tensor, layout: NetworkLayout, *, parts: int) -> tuple[Tensor, ...]:
    """Return ``parts`` tensors (b, heads, n, width / heads) of ``x`` (b, n, parts · width)."""
    batch, length, _ = x.shape
    heads = x.view(batch, length, parts, layout.heads, layout.width // layout.heads)
    return heads.permute(2, 0, 3, 1, 4).unbind(0)


def join_heads(x: Tensor) -> Tensor:
    """Return (b, n, heads · size) of ``x`` (b, heads, n, size)."""
    return x.transpose(1, 2).flatten(2)
