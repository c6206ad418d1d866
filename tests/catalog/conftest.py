"""What every test of the catalogue may rely on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalog.services.encoder_cache import forget_encoders


@pytest.fixture(autouse=True)
def no_kept_encoders() -> Iterator[None]:
    """Nobody meets an encoder that another test has had built: the process keeps them."""
    forget_encoders()
    yield
    forget_encoders()
