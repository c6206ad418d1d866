"""The command that makes an API key."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import ApiKey, Catalog
from catalog.services.api_keys import find_api_key

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalog() -> Catalog:
    return Catalog.objects.create(key="shop", name="Shop")


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("create_api_key", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_secret_alone_goes_to_standard_output() -> None:
    out, err = run("front page", "--catalog", "shop", "--scope", "publishable", "--origin", "https://shop.example")

    key = find_api_key(out.strip())
    assert key == ApiKey.objects.get()
    assert (key.name, key.scope, key.allowed_origins) == ("front page", "publishable", ["https://shop.example"])
    assert out.strip() not in err


def test_a_number_of_days_is_an_expiry() -> None:
    run("short", "--catalog", "shop", "--expires", "7")

    assert abs(ApiKey.objects.get().expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("x", "--catalog", "nowhere"),
        ("x", "--catalog", "shop", "--origin", "shop"),
        ("x", "--catalog", "shop", "--expires", "soon"),
        ("x", "--catalog", "shop", "--expires", "99999999999999"),
        ("x", "--catalog", "shop", "--expires", "2001-01-01"),
        ("x", "--catalog", "shop", "--scope", "root"),
    ],
)
def test_bad_arguments_end_in_one_line(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
    assert not ApiKey.objects.exists()
