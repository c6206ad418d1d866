"""Entry points become installed apps; the range of versions that a plug-in names is held."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
from django.core.exceptions import ImproperlyConfigured

from recsite import plugins
from recsite.plugins import check_version, find_plugins


@pytest.fixture
def two_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        EntryPoint("wax", "wax.apps:WaxConfig", plugins.GROUP),
        EntryPoint("oil", "oil.apps:OilConfig", plugins.GROUP),
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda *, group: found if group == "recsite.plugins" else [])


@pytest.mark.usefixtures("two_plugins")
def test_plug_ins_come_in_the_order_of_their_names() -> None:
    assert find_plugins() == ["oil.apps.OilConfig", "wax.apps.WaxConfig"]


@pytest.mark.usefixtures("two_plugins")
def test_a_disabled_plug_in_is_left_out() -> None:
    assert find_plugins(disabled=["oil"]) == ["wax.apps.WaxConfig"]
    assert find_plugins(disabled=("wax", "oil")) == []


@pytest.mark.usefixtures("two_plugins")
def test_a_disabled_name_that_nobody_has_is_an_error() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^RECSITE_DISABLED_PLUGINS: no plug-in lamp, torch$"):
        find_plugins(disabled=["torch", "oil", "lamp"])


@pytest.mark.parametrize(
    ("minimum", "below", "current"),
    [
        ("", "", "0.1.0"),
        ("0.1", "2", "0.1.0"),
        ("0.1.0", "", "0.1"),
        ("", "2", "1.99.99"),
        ("1.9", "", "1.10"),
        ("1.2", "1.3", "1.2.9+local.7"),
    ],
)
def test_a_version_inside_the_range_passes(minimum: str, below: str, current: str) -> None:
    check_version("odd", minimum=minimum, below=below, current=current)


@pytest.mark.parametrize(
    ("minimum", "below", "current", "wanted"),
    [
        ("0.2", "", "0.1.9", ">= 0.2"),
        ("", "2", "2.0", "< 2"),
        ("", "2", "2", "< 2"),
        ("", "2.0.0", "2", "< 2.0.0"),
        ("1.10", "2", "1.9", ">= 1.10 and < 2"),
        ("1", "2", "10.0", ">= 1 and < 2"),
    ],
)
def test_a_version_outside_the_range_is_refused_by_name(minimum: str, below: str, current: str, wanted: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        check_version("odd", minimum=minimum, below=below, current=current)
    assert str(refusal.value) == f"plug-in odd: needs recsite {wanted}; this is {current}"


@pytest.mark.parametrize("version", ["one", "1.x", "1..2", "v1"])
def test_a_range_that_is_no_version_is_named(version: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="is not a version like"):
        check_version("odd", minimum=version, below="", current="1.0")
