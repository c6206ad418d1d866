"""The encoder family: what turns texts into vectors."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from catalog.extensions import Registry

FloatMatrix = NDArray[np.float32]


class Encoder(Protocol):
    """An encoder, built by ``Component(options)``; may load weights when built.

    Built only in workers and commands, never in a web process. ``fingerprint`` is a short text that
    changes whenever the same text would get another vector (weights, pooling, prompts, lengths).
    """

    Options: ClassVar[Any]
    dimensions: int
    fingerprint: str

    def encode_documents(self, texts: Sequence[str]) -> FloatMatrix:
        """Encode n item texts as float32 (n, dimensions), rows of unit length, in the texts' order.

        An empty text gets a valid vector too. Raise EncodingError for a text that cannot be encoded.
        """
        ...

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Encode n query texts likewise; differs from documents where the model has query prompts."""
        ...


class EncodingError(Exception):
    """A text cannot be encoded, now or ever; the message says why."""


class EncoderUnavailable(Exception):
    """The encoder cannot be built here (missing package, missing weights); the message says what to do."""


encoders: Registry[Encoder] = Registry("encoders", members=("encode_documents", "encode_queries"))
