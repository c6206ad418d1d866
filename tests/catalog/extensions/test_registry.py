"""What a registry takes in, and what it refuses at import time."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from catalog.extensions import Registry, RegistryError


@dataclass(frozen=True)
class NoOptions:
    """Nothing to set."""


class Lamp:
    """A component that keeps the contract."""

    Options = NoOptions

    def shine(self) -> str:
        return "light"


class Candle(Lamp):
    """Another."""


@pytest.fixture
def lamps() -> Registry[Lamp]:
    return Registry("lamps", members=("shine",))


def test_a_component_is_found_under_its_key_and_stays_the_class_it_was(lamps: Registry[Lamp]) -> None:
    assert lamps.register("bright")(Lamp) is Lamp
    assert lamps.get("bright") is Lamp
    assert "bright" in lamps
    assert "dark" not in lamps


def test_keys_and_components_come_in_alphabetical_order(lamps: Registry[Lamp]) -> None:
    lamps.register("wax")(Candle)
    lamps.register("bright")(Lamp)
    assert lamps.keys() == ("bright", "wax")
    assert list(lamps) == [("bright", Lamp), ("wax", Candle)]


@pytest.mark.parametrize(
    "key",
    ["", "Upper", "1first", "_first", "with-dash", "with space", "a.b", "a/b", "newline\n", "灯", "x" * 51],
)
def test_a_bad_key_is_refused_and_named(lamps: Registry[Lamp], key: str) -> None:
    with pytest.raises(RegistryError, match="50 at most") as refusal:
        lamps.register(key)(Lamp)
    assert str(refusal.value).startswith(f"lamps: {__name__}.Lamp as {key!r}")
    assert lamps.keys() == ()


@pytest.mark.parametrize("key", ["a", "x" * 50, "with_2_digits"])
def test_a_good_key_is_taken(lamps: Registry[Lamp], key: str) -> None:
    lamps.register(key)(Lamp)
    assert lamps.keys() == (key,)


def test_a_taken_key_is_refused_with_the_name_of_its_owner(lamps: Registry[Lamp]) -> None:
    lamps.register("wax")(Candle)
    with pytest.raises(RegistryError) as refusal:
        lamps.register("wax")(Lamp)
    assert str(refusal.value) == f"lamps: {__name__}.Lamp as 'wax': the key is taken by {__name__}.Candle"
    assert lamps.get("wax") is Candle


def test_every_missing_member_is_named(lamps: Registry[Lamp]) -> None:
    registry: Registry[object] = Registry("lamps", members=("shine", "dim", "blink"))
    with pytest.raises(RegistryError, match=r"Lamp as 'bright': lacks dim, blink$"):
        registry.register("bright")(Lamp)
    assert registry.keys() == ()


class WithoutOptions:
    """No Options at all."""

    def shine(self) -> str:
        return ""


class WithPlainOptions(WithoutOptions):
    """Options that are no dataclass."""

    class Options:
        colour = "red"


class WithBuiltOptions(WithoutOptions):
    """An instance where the class belongs."""

    Options = NoOptions()


@pytest.mark.parametrize("component", [WithoutOptions, WithPlainOptions, WithBuiltOptions])
def test_a_component_without_a_dataclass_of_options_is_refused(lamps: Registry[Lamp], component: type) -> None:
    with pytest.raises(RegistryError, match="needs a dataclass named Options"):
        lamps.register("bright")(component)
    assert lamps.keys() == ()


def test_an_unknown_key_is_named_beside_what_is_known(lamps: Registry[Lamp]) -> None:
    with pytest.raises(RegistryError, match=r"^lamps: no 'dark' \(known: none\)$"):
        lamps.get("dark")
    lamps.register("wax")(Candle)
    lamps.register("bright")(Lamp)
    with pytest.raises(RegistryError, match=r"^lamps: no 'dark' \(known: bright, wax\)$"):
        lamps.get("dark")


def test_a_key_can_be_taken_again_once_it_is_given_back(lamps: Registry[Lamp]) -> None:
    lamps.register("bright")(Lamp)
    lamps.unregister("bright")
    lamps.register("bright")(Candle)
    assert lamps.get("bright") is Candle


def test_two_registries_share_no_keys(lamps: Registry[Lamp]) -> None:
    other: Registry[Lamp] = Registry("torches", members=("shine",))
    lamps.register("bright")(Lamp)
    assert other.keys() == ()
