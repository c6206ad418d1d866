from __future__ import annotations

import io

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from catalog.models import Catalog
from profiles.models import Profile


@pytest.fixture
def catalog(db: None) -> Catalog:
    return Catalog.objects.create(key=settings.RECSITE_DEFAULT_CATALOG, name="Demo")


def test_two_profiles_are_merged(catalog):
    for key in ("anonymous", "ana"):
        Profile.objects.create(catalog=catalog, key=key)
    out = io.StringIO()
    call_command("merge_profiles", "anonymous", "ana", stdout=out)
    assert out.getvalue() == "anonymous is merged into ana.\n"
    assert Profile.objects.get(key="anonymous").merged_into == Profile.objects.get(key="ana")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ana", "ana"], "into: a profile cannot be merged into itself"),
        (["ana", "nobody"], "into: no profile 'nobody' in this catalog"),
        (["ana", "bob", "--catalog", "nope"], "--catalog: no catalog 'nope'"),
    ],
)
def test_what_cannot_be_merged_is_an_error_that_says_why(catalog, arguments, told):
    Profile.objects.create(catalog=catalog, key="ana")
    with pytest.raises(CommandError) as caught:
        call_command("merge_profiles", *arguments)
    assert str(caught.value) == told
