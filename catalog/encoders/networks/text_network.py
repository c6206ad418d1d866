"""Texts in, unit vectors out: tokenizer, batches, transformer, pooling and dense layers in a row."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from catalog.encoders.base import EncodingError, FloatMatrix
from catalog.encoders.networks.batching import pad_batch, plan_batches
from catalog.encoders.networks.loading import Network
from catalog.encoders.networks.model_settings import Pooling
from catalog.encoders.networks.pooling import pool_tokens
from catalog.encoders.networks.text_tokens import TextTokens

# Measured on a CPU: with more than some 512 tokens a thread, activations leave the caches and a batch of 8,192 takes
# twice as long a token; a GPU wants enough work at once.
_TOKENS_PER_CPU_THREAD = 512
_TOKENS_ELSEWHERE = 32_768
_TEXTS_AT_ONCE = 20_000


class TextNetwork:
    """A loaded transformer with all that turns texts into vectors; ``dimensions`` is their width."""

    def __init__(
        self,
        network: Network,
        *,
        pooling: Pooling,
        max_tokens: int,
        tokens_per_batch: int | None = None,
        dense: Sequence[nn.Module] = (),
    ) -> None:
        self._network = network
        self._pooling = pooling
        self._tokens = TextTokens(network.tokenizer, max_tokens=max_tokens)
        self._dense = [layer.to(network.device) for layer in dense]
        if tokens_per_batch is None:
            on_cpu = network.device.type == "cpu"
            tokens_per_batch = _TOKENS_PER_CPU_THREAD * torch.get_num_threads() if on_cpu else _TOKENS_ELSEWHERE
        self._tokens_per_batch = tokens_per_batch
        self.dimensions = self._run([""], prefix="").shape[1]

    def encode(self, texts: Sequence[str], *, prefix: str = "") -> FloatMatrix:
        """Encode n texts as float32 (n, dimensions), rows of unit length, in the texts' order.

        Raise EncodingError, naming the first text's position, where the network's output is not finite.
        """
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):  # bounds the memory of token ids
            block = self._run(texts[start : start + _TEXTS_AT_ONCE], prefix=prefix)
            usable = torch.isfinite(block).all(dim=1) & (block.abs().amax(dim=1) > 0)
            if not bool(usable.all()):
                position = start + int(usable.to(torch.int64).argmin())
                raise EncodingError(f"text {position} of {len(texts)}: the network's output is zero or not finite")
            vectors[start : start + len(block)] = nn.functional.normalize(block, dim=1).numpy()
        return vectors

    @torch.inference_mode()
    def _run(self, texts: Sequence[str], *, prefix: str) -> Tensor:
        sequences = self._tokens.tokenize(texts, prefix=prefix)
        lengths = [len(sequence) for sequence in sequences]
        batches = plan_batches(lengths, tokens_per_batch=self._tokens_per_batch)
        pooled = torch.cat([self._pool([sequences[at] for at in batch]) for batch in batches]).cpu()
        vectors = torch.empty_like(pooled)
        vectors[torch.from_numpy(np.concatenate(batches))] = pooled
        return vectors

    def _pool(self, sequences: list[list[int]]) -> Tensor:
        ids, mask = pad_batch(sequences, padding=self._network.padding)
        hidden = self._network.run(ids, mask)
        pooled = pool_tokens(hidden, None if mask is None else mask.to(hidden.device), pooling=self._pooling)
        for layer in self._dense:
            pooled = layer(pooled)
        return pooled
