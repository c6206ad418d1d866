"""Texts to token ids, in bulk, without reading more of a long text than counts."""

import threading
from collections.abc import Sequence
from typing import Any

_WINDOWS = (16, 1024)  # characters read for each token that counts: at first, and where those made too few


class TextTokens:
    """A tokenizer with its limit; safe to use from several threads (fast tokenizers refuse that on their own)."""

    def __init__(self, tokenizer: Any, *, max_tokens: int) -> None:
        self._tokenizer = tokenizer
        self._max_tokens = max_tokens
        self._lock = threading.Lock()
        candidates = (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, 0)
        self._stand_in = next(token for token in candidates if token is not None)

    def tokenize(self, texts: Sequence[str], *, prefix: str = "") -> list[list[int]]:
        """Return the token ids of ``prefix`` + text for each text, special ones included, cut at the limit.

        At least one id each: where a tokenizer makes none of an empty text, its beginning (or end) token stands in.
        At most 1,024 characters for each token of the limit are looked at.
        """
        first, last = (window * self._max_tokens for window in _WINDOWS)
        sequences = self._tokenize_whole([prefix + text[:first] for text in texts])
        for position, text in enumerate(texts):
            # Spaces or endless words may make few tokens of many characters; what follows them counts then.
            if len(text) > first and len(sequences[position]) < self._max_tokens:
                sequences[position] = self._tokenize_whole([prefix + text[:last]])[0]
        return sequences

    def _tokenize_whole(self, texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        with self._lock:
            encoded = self._tokenizer(
                [_replace_surrogates(text) for text in texts],
                truncation=True,
                max_length=self._max_tokens,
                return_attention_mask=False,
                return_token_type_ids=False,
            )
        return [ids or [self._stand_in] for ids in encoded["input_ids"]]


def _replace_surrogates(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a pair, cut by some client: no tokenizer takes it
        return text.encode("utf-8", "replace").decode("utf-8")
    return text
