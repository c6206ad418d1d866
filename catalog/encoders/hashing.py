"""An encoder without weights: hashed words and character n-grams, the same on every machine."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from catalog.encoders.base import FloatMatrix, encoders

# Spaces and punctuation part words; everything else (marks of Indic scripts, emoji) belongs to one.
_WORD = re.compile(r"[^\s!-/:-@\[-`{-~\u00a1-\u00bf\u060c\u061b\u061f\u0964\u2000-\u200c\u200e-\u206f\u3000-\u303f]+")
_UNSPACED = re.compile(  # runs of scripts that put no spaces between words: Thai to Khmer, kana, Han
    r"([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)"
)
_ACCENTS = re.compile("[\u0300-\u036f]")
_MAX_CHARACTERS = 65_536
_MAX_CACHED_WORD = 32
_WORD_FLAG = np.uint32(1)
_WORD_WEIGHT, _NGRAM_WEIGHT = 1.0, 0.35

Features = NDArray[np.uint32]


@encoders.register("hashing")
class HashingEncoder:
    """Bag of hashed words and character trigrams with signed buckets (Weinberger et al. 2009, arXiv:0902.2206).

    A feature occurring t times in a text weighs 1 + ln t; a word weighs more than one of its trigrams. Case,
    accents and compatibility forms are folded. Chinese, Japanese and the like count as single characters and
    pairs. Hashes are CRC-32 of UTF-8, so vectors agree between processes and machines. The first 65,536
    characters of a text are read; a text without any word gets one fixed vector.
    """

    @dataclass(frozen=True, slots=True)
    class Options:
        """Options of the hashing encoder."""

        dimensions: int = field(default=384, metadata={"help": "Width of the vectors.", "minimum": 8, "maximum": 4000})

    def __init__(self, options: Options) -> None:
        self.dimensions = options.dimensions
        self.fingerprint = f"hashing-1-{options.dimensions}"

    def encode_documents(self, texts: Sequence[str]) -> FloatMatrix:
        """Encode n texts as float32 (n, dimensions), rows of unit length, in the texts' order."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), 1024):  # bounds the memory of the joined features
            block = texts[start : start + 1024]
            vectors[start : start + 1024] = self._encode_block([_extract_features(text) for text in block])
        return vectors

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Encode n query texts; the same as documents."""
        return self.encode_documents(texts)

    def _encode_block(self, features: list[Features]) -> FloatMatrix:
        sizes = [len(entry) for entry in features]
        rows = np.repeat(np.arange(len(features), dtype=np.uint64), sizes)
        keys, counts = np.unique(rows << np.uint64(32) | np.concatenate(features), return_counts=True)
        hashes = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        weights = (1.0 + np.log(counts)) * np.where(hashes & _WORD_FLAG, _WORD_WEIGHT, _NGRAM_WEIGHT)
        weights[hashes & np.uint32(2) != 0] *= -1.0
        cells = (keys >> np.uint64(32)).astype(np.int64) * self.dimensions + (hashes >> np.uint32(2)) % self.dimensions
        sums = np.bincount(cells, weights=weights, minlength=len(features) * self.dimensions)
        vectors = sums.reshape(len(features), self.dimensions)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        cancelled = lengths[:, 0] < 1e-9  # all features met in pairs of opposite sign
        vectors[cancelled, 0], lengths[cancelled] = 1.0, 1.0
        return np.asarray(vectors / lengths, dtype=np.float32)


def _extract_features(text: str) -> Features:
    text = text[:_MAX_CHARACTERS]
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
        text = unicodedata.normalize("NFKC", text)
    parts = [
        _hash_cached(word) if len(word) <= _MAX_CACHED_WORD else _hash_word(word)
        for word in _WORD.findall(text.casefold())
    ]
    return np.concatenate(parts) if parts else _EMPTY


def _hash_word(word: str) -> Features:
    return np.fromiter(_name_features(word), dtype=np.uint32)


_hash_cached = lru_cache(maxsize=65_536)(_hash_word)


def _name_features(word: str) -> Iterator[int]:
    """Yield a hash for each feature of a word; its lowest bit says whether the feature is a whole word."""
    for index, part in enumerate(_UNSPACED.split(word)):
        if not part:
            continue
        if index % 2:
            yield from (_hash(f"c{character}") | 1 for character in part)
            yield from (_hash(f"c{part[at : at + 2]}") | 1 for at in range(len(part) - 1))
        else:
            yield _hash(f"w{part}") | 1
            padded = f"<{part}>"
            yield from (_hash(f"n{padded[at : at + 3]}") & ~1 for at in range(len(padded) - 2))


def _hash(feature: str) -> int:
    return crc32(feature.encode("utf-8", "surrogatepass"))


_EMPTY = np.array([_hash("e") | 1], dtype=np.uint32)
