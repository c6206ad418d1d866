"""What pages answer while the database is away."""

from __future__ import annotations

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from catalog.models import Catalog


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_page_without_a_database_answers_that_it_is_a_wait(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(**_: object) -> None:
        raise error("connection failed: s3cret\nand more")

    monkeypatch.setattr(Catalog.objects, "filter", fail)
    answer = Client().get("/w/shop/home")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer.content == b"The database is out of reach; try again soon."


def test_other_errors_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise LookupError("a fault of ours")

    monkeypatch.setattr(Catalog.objects, "filter", fail)
    with pytest.raises(LookupError, match="a fault of ours"):
        Client().get("/w/shop/home")
