"""What stands at the door: which plug-ins start, which are dropped, which are refused and in what words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.plugins.conftest import Run

pytestmark = pytest.mark.slow

PRINT_KEYS = """
import json
from catalog.encoders import encoders
from catalog.importers import importers
from recommender.learners import learners
from recommender.widgets import widgets
print(json.dumps({registry.family: registry.keys() for registry in (encoders, importers, learners, widgets)}))
"""
OURS = {"encoders": "letters", "importers": "arrows", "learners": "long_tail", "widgets": "shelf"}


def list_keys(output: str) -> dict[str, set[str]]:
    return {family: set(keys) for family, keys in json.loads(output).items()}


def write_plugin(folder: Path, *, body: str = "pass", modules: dict[str, str] | None = None) -> Path:
    """An installed plug-in in ``folder``: its package and the metadata with its entry point."""
    package, metadata = folder / "recsite_odd", folder / "recsite_odd-1.0.dist-info"
    package.mkdir(parents=True)
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: recsite-odd\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[recsite.plugins]\nodd = recsite_odd.apps:OddConfig\n")
    (package / "__init__.py").write_text("")
    (package / "apps.py").write_text(
        "from recsite.plugins import PluginConfig\n\n"
        f"class OddConfig(PluginConfig):\n    name = 'recsite_odd'\n    {body}\n"
    )
    for name, text in (modules or {}).items():
        (package / name).write_text(text)
    return folder


def test_an_installed_plug_in_brings_a_component_to_each_family(installed_plugin: Path, start_django: Run) -> None:
    without, with_it = start_django(None, PRINT_KEYS), start_django(installed_plugin, PRINT_KEYS)
    assert (without.returncode, with_it.returncode) == (0, 0), with_it.stderr
    core = list_keys(without.stdout)
    assert list_keys(with_it.stdout) == {family: keys | {OURS[family]} for family, keys in core.items()}


def test_a_disabled_plug_in_brings_nothing(installed_plugin: Path, start_django: Run) -> None:
    without = start_django(None, PRINT_KEYS)
    disabled = start_django(installed_plugin, PRINT_KEYS, RECSITE_DISABLED_PLUGINS="shelf")
    assert disabled.returncode == 0, disabled.stderr
    assert disabled.stdout == without.stdout


def test_disabling_a_plug_in_that_is_not_there_stops_the_start(start_django: Run) -> None:
    done = start_django(None, RECSITE_DISABLED_PLUGINS="shelf,nothing")
    assert done.returncode != 0
    assert "RECSITE_DISABLED_PLUGINS: no plug-in nothing, shelf" in done.stderr


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("below_version = '0.1'", "< 0.1"),
        ("minimum_version = '99'", ">= 99"),
        ("minimum_version, below_version = '0.0.1', '0.0.2'", ">= 0.0.1 and < 0.0.2"),
    ],
)
def test_a_plug_in_for_another_version_stops_the_start(
    tmp_path: Path, start_django: Run, body: str, wanted: str
) -> None:
    done = start_django(write_plugin(tmp_path / "site", body=body))
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last == (
        f"django.core.exceptions.ImproperlyConfigured: plug-in recsite_odd: needs recsite {wanted}; this is 0.1.0"
    )


def test_a_broken_import_of_a_plug_in_surfaces_as_itself(
    installed_plugin: Path, tmp_path: Path, start_django: Run
) -> None:
    broken = tmp_path / "site"
    shutil.copytree(installed_plugin, broken)
    encoders = broken / "recsite_shelf" / "encoders.py"
    encoders.write_text("import no_such_package\n" + encoders.read_text(encoding="utf-8"), encoding="utf-8")
    done = start_django(broken)
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1] == "ModuleNotFoundError: No module named 'no_such_package'"
    assert "recsite_shelf/encoders.py" in done.stderr


def test_a_key_of_core_cannot_be_taken(tmp_path: Path, start_django: Run) -> None:
    text = """
from dataclasses import dataclass
from recommender.widgets import widgets

@dataclass(frozen=True)
class Options:
    pass

@widgets.register("grid")
class OddGrid:
    Options = Options
    template_name = "odd.html"
    label = "Odd"
"""
    done = start_django(write_plugin(tmp_path / "site", modules={"widgets.py": text}))
    assert done.returncode != 0
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .endswith(
            "widgets: recsite_odd.widgets.OddGrid as 'grid': the key is taken by recommender.widgets.grid.GridWidget"
        )
    )


def test_a_plug_in_that_adds_nothing_is_no_error(tmp_path: Path, start_django: Run) -> None:
    assert start_django(write_plugin(tmp_path / "site")).returncode == 0
