"""An encoder that counts letters."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from catalog.encoders import FloatMatrix, encoders


@dataclass(frozen=True, slots=True)
class LettersOptions:
    """How many buckets the letters fall into."""

    dimensions: int = field(default=32, metadata={"help": "Buckets.", "minimum": 2, "maximum": 256})


@encoders.register("letters")
class LettersEncoder:
    """Texts with the same letters are near each other."""

    Options = LettersOptions

    def __init__(self, options: LettersOptions) -> None:
        self.dimensions = options.dimensions
        self.fingerprint = f"letters-1-{options.dimensions}"

    def encode_documents(self, texts: Sequence[str]) -> FloatMatrix:
        """Count each text's letters by bucket; the last bucket holds a little of every text."""
        matrix = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        matrix[:, -1] = 0.01
        for row, text in zip(matrix, texts, strict=True):
            for letter in text.lower():
                row[ord(letter) % self.dimensions] += 1.0
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Queries are encoded as documents are."""
        return self.encode_documents(texts)
