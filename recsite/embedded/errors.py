"""What can go wrong with the embedded servers, said in one line."""

from __future__ import annotations


class EmbeddedError(Exception):
    """An embedded server cannot be used; the message is one line for a person."""
