"""Encoders: components that turn item content and query texts into vectors."""

from catalog.encoders.base import Encoder, EncoderUnavailable, EncodingError, FloatMatrix, encoders

__all__ = ["Encoder", "EncoderUnavailable", "EncodingError", "FloatMatrix", "encoders"]
