"""Pooling: from the vectors of tokens to one vector for each text."""

from typing import assert_never

import torch
from torch import Tensor

from catalog.encoders.networks.model_settings import Pooling


def pool_tokens(hidden: Tensor, mask: Tensor | None, *, pooling: Pooling) -> Tensor:
    """Pool token vectors (n, length, width) into float32 text vectors (n, width).

    ``mask`` (n, length) is 1 at tokens and 0 at padding, which may lie on either side; None means no padding at
    all. ``cls`` takes the first token of each text, ``last_token`` the last, ``mean`` the average of all.
    """
    match pooling:
        case "mean":
            if mask is None:
                return hidden.mean(dim=1, dtype=torch.float32)
            weights = mask.to(torch.float32)
            weights = weights / weights.sum(dim=1, keepdim=True).clamp(min=1.0)
            return torch.bmm(weights.unsqueeze(1), hidden.to(torch.float32)).squeeze(1)
        case "cls":
            if mask is None:
                return hidden[:, 0].to(torch.float32)
            return _take_tokens(hidden, mask.to(torch.int64).argmax(dim=1))
        case "last_token":
            if mask is None:
                return hidden[:, -1].to(torch.float32)
            return _take_tokens(hidden, mask.shape[1] - 1 - mask.to(torch.int64).flip(1).argmax(dim=1))
    assert_never(pooling)


def _take_tokens(hidden: Tensor, positions: Tensor) -> Tensor:
    return hidden[torch.arange(hidden.shape[0], device=hidden.device), positions].to(torch.float32)
