"""Pooling on vectors that can be worked out by hand, padded on either side."""

import pytest
import torch

from catalog.encoders.networks.model_settings import Pooling
from catalog.encoders.networks.pooling import pool_tokens

NOISE = [100.0, -100.0]
RIGHT = torch.tensor(
    [[[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]], [[7.0, 8.0], NOISE, NOISE], [[1.0, 0.0], [0.0, 1.0], NOISE]]
)
RIGHT_MASK = torch.tensor([[1, 1, 1], [1, 0, 0], [1, 1, 0]])
LEFT = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]], [NOISE, NOISE, [7.0, 8.0]], [NOISE, [1.0, 0.0], [0.0, 1.0]]])
LEFT_MASK = torch.tensor([[1, 1, 1], [0, 0, 1], [0, 1, 1]])
EXPECTED: dict[Pooling, list[list[float]]] = {
    "mean": [[3.0, 5.0], [7.0, 8.0], [0.5, 0.5]],
    "cls": [[1.0, 2.0], [7.0, 8.0], [1.0, 0.0]],
    "last_token": [[5.0, 9.0], [7.0, 8.0], [0.0, 1.0]],
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("hidden", "mask"), [(RIGHT, RIGHT_MASK), (LEFT, LEFT_MASK)], ids=["right", "left"])
@pytest.mark.parametrize("pooling", EXPECTED)
def test_padding_never_counts(pooling: Pooling, hidden: torch.Tensor, mask: torch.Tensor, dtype: torch.dtype) -> None:
    pooled = pool_tokens(hidden.to(dtype), mask, pooling=pooling)
    assert pooled.dtype == torch.float32
    torch.testing.assert_close(pooled, torch.tensor(EXPECTED[pooling]))


@pytest.mark.parametrize("pooling", EXPECTED)
def test_no_mask_means_no_padding(pooling: Pooling) -> None:
    torch.testing.assert_close(
        pool_tokens(RIGHT[:1], None, pooling=pooling), pool_tokens(RIGHT[:1], RIGHT_MASK[:1], pooling=pooling)
    )
