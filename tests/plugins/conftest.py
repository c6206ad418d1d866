"""The example plug-in, built and installed as any package is, and processes that run with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recsite.embedded import servers
from recsite.env import CHECKOUT, read_environment

SOURCE = CHECKOUT / "tests" / "example_plugin"
ANOTHER_MACHINES = ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "DJANGO_SETTINGS_MODULE", "RECSITE_DISABLED_PLUGINS")

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture(scope="session")
def installed_plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example plug-in installed in it; on PYTHONPATH it is as good as site-packages."""
    target = tmp_path_factory.mktemp("site")
    arguments = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", str(target), str(SOURCE)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


def run_python(*arguments: str, path: Path | None, var: Path, cwd: Path = CHECKOUT, **variables: str) -> Done:
    """Run Python in ``cwd`` with ``path`` on PYTHONPATH and an installation of its own in ``var``."""
    kept = {name: value for name, value in os.environ.items() if name not in ANOTHER_MACHINES}
    search = os.pathsep.join(str(folder) for folder in (path, CHECKOUT) if folder)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**kept, "PYTHONPATH": search, "RECSITE_VAR": str(var), **variables},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.fixture
def start_django(tmp_path: Path) -> Run:
    """Run a script after django.setup() with a folder of packages on the path; no server is started."""

    def run(path: Path | None, script: str = "", **variables: str) -> Done:
        code = f"import django\ndjango.setup()\n{script}"
        settings = {"DJANGO_SETTINGS_MODULE": "recsite.settings"}
        return run_python("-c", code, path=path, var=tmp_path / "var", **settings, **variables)

    return run


@pytest.fixture(scope="module")
def manage(installed_plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Run ``manage.py`` with the plug-in, on servers and a database that are this module's own."""
    var = tmp_path_factory.mktemp("installation") / "var"
    with pytest.MonkeyPatch.context() as patch:
        for name in ANOTHER_MACHINES:
            patch.delenv(name, raising=False)
        patch.setenv("RECSITE_VAR", str(var))
        environment = read_environment()
    with servers(environment):
        yield lambda *arguments, **variables: run_python(
            "manage.py", *arguments, path=installed_plugin, var=var, **variables
        )
