"""Discovery: a family's modules are imported by name, a missing one is passed over, a broken one speaks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from catalog.extensions import Registry, RegistryError, discover

COMPONENT = """
from dataclasses import dataclass
from {app}.registry import lamps

@dataclass(frozen=True)
class Options:
    pass

@lamps.register("{key}")
class Lamp:
    Options = Options
"""


class Shelf:
    """Makes importable apps out of texts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registry: Registry[Any] = Registry("lamps", members=())

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def discover(self, *apps: str) -> tuple[str, ...]:
        with override_settings(INSTALLED_APPS=[*apps]):
            discover(self.registry)
        return self.registry.keys()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    made = Shelf(tmp_path)
    door = type(sys)("lamp_door.registry")
    door.lamps = made.registry  # type: ignore[attr-defined]
    made.write({"lamp_door/__init__.py": ""})
    sys.modules["lamp_door.registry"] = door
    yield made
    for name in set(sys.modules) - before:
        del sys.modules[name]


def component(key: str) -> str:
    return COMPONENT.format(app="lamp_door", key=key)


def test_a_module_of_the_familys_name_is_imported(shelf: Shelf) -> None:
    shelf.write({"app_one/__init__.py": "", "app_one/lamps.py": component("one")})
    assert shelf.discover("app_one") == ("one",)


def test_of_a_package_every_direct_module_is_imported_and_no_package_below(shelf: Shelf) -> None:
    shelf.write(
        {
            "app_two/__init__.py": "",
            "app_two/lamps/__init__.py": component("two"),
            "app_two/lamps/wax.py": component("wax"),
            "app_two/lamps/oil.py": component("oil"),
            "app_two/lamps/networks/__init__.py": "raise RuntimeError('loaded too early')",
        }
    )
    assert shelf.discover("app_two") == ("oil", "two", "wax")


def test_an_app_without_the_module_is_passed_over(shelf: Shelf) -> None:
    shelf.write(
        {"app_none/__init__.py": "", "app_after/__init__.py": "", "app_after/lamps.py": component("after")},
    )
    assert shelf.discover("app_none", "app_after") == ("after",)


def test_an_app_of_one_file_is_passed_over(shelf: Shelf) -> None:
    shelf.write({"app_file.py": ""})
    assert shelf.discover("app_file") == ()


def test_discovering_twice_registers_once(shelf: Shelf) -> None:
    shelf.write({"app_one/__init__.py": "", "app_one/lamps.py": component("one")})
    assert shelf.discover("app_one") == ("one",)
    assert shelf.discover("app_one") == ("one",)


def test_a_missing_import_inside_the_module_surfaces_as_itself(shelf: Shelf) -> None:
    shelf.write({"app_broken/__init__.py": "", "app_broken/lamps.py": "import no_such_package_anywhere\n"})
    with pytest.raises(ModuleNotFoundError) as failure:
        shelf.discover("app_broken")
    assert failure.value.name == "no_such_package_anywhere"


def test_a_missing_import_inside_a_module_of_a_package_surfaces_as_itself(shelf: Shelf) -> None:
    shelf.write(
        {
            "app_broken/__init__.py": "",
            "app_broken/lamps/__init__.py": "",
            "app_broken/lamps/wax.py": "from app_broken.lamps import wick\n",
        }
    )
    with pytest.raises(ImportError, match="cannot import name 'wick'"):
        shelf.discover("app_broken")


def test_an_error_of_the_module_surfaces_as_itself(shelf: Shelf) -> None:
    shelf.write({"app_broken/__init__.py": "", "app_broken/lamps.py": "1 / 0\n"})
    with pytest.raises(ZeroDivisionError):
        shelf.discover("app_broken")


def test_a_refusal_of_the_registry_surfaces_as_itself(shelf: Shelf) -> None:
    shelf.write(
        {
            "app_one/__init__.py": "",
            "app_one/lamps.py": component("same"),
            "app_two/__init__.py": "",
            "app_two/lamps.py": component("same"),
        }
    )
    with pytest.raises(RegistryError, match=r"app_two\.lamps\.Lamp as 'same': .+ taken by app_one\.lamps\.Lamp$"):
        shelf.discover("app_one", "app_two")
