"""What may be imported where, beyond what the import contracts can say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import CHECKOUT, PACKAGES, list_functions, list_imports, read_modules

NETWORKS = ("catalog/encoders/networks/", "recommender/networks/")
HEAVY = {"torch", "transformers", "sentence_transformers"}
FOR_WORKERS = {"scipy", "lightgbm", "sklearn", "implicit"}
# Only what must stay out of a web process until a component is built may be imported late.
LATE = re.compile(r"^(catalog\.encoders|recommender)\.networks\b")


def test_torch_and_transformers_are_imported_by_the_networks_alone() -> None:
    found = [
        f"{module}:{line} {name}"
        for module in read_modules(*PACKAGES)
        if not str(module).startswith(NETWORKS)
        for name, line in list_imports(module.tree)
        if name.split(".")[0] in HEAVY
    ]
    assert found == []


def test_what_workers_alone_have_is_imported_late() -> None:
    """A web process imports every learner's module, and has no scipy."""
    found = []
    for module in read_modules(*PACKAGES):
        if str(module).startswith(NETWORKS):
            continue
        late = {place for function in list_functions(module) for place in list_imports(function)}
        found += [
            f"{module}:{line} {name}"
            for name, line in list_imports(module.tree)
            if name.split(".")[0] in FOR_WORKERS and (name, line) not in late
        ]
    assert found == []


def test_nothing_imports_the_networks_at_module_level() -> None:
    found = []
    for module in read_modules(*PACKAGES):
        if str(module).startswith(NETWORKS):
            continue
        late = {place for function in list_functions(module) for place in list_imports(function)}
        found += [
            f"{module}:{line} {name}"
            for name, line in list_imports(module.tree)
            if LATE.match(name) and (name, line) not in late
        ]
    assert found == []


def test_functions_import_nothing_of_ours_but_networks_and_what_an_app_loads_when_ready() -> None:
    found = [
        f"{module}:{line} {name}"
        for module in read_modules(*PACKAGES)
        for function in list_functions(module)
        if not (module.path.name == "apps.py" and function.name == "ready")
        for name, line in list_imports(function)
        if name.split(".")[0] in PACKAGES and not LATE.match(name)
    ]
    assert found == []


def test_imports_are_absolute() -> None:
    found = [
        f"{module}:{line} {name}"
        for module in read_modules(*PACKAGES, "benchmarks", "tests")
        for name, line in list_imports(module.tree)
        if name.startswith(".")
    ]
    assert found == []


def test_no_source_imports_tests_or_benchmarks() -> None:
    found = [
        f"{module}:{line} {name}"
        for module in read_modules(*PACKAGES)
        for name, line in list_imports(module.tree)
        if name.split(".")[0] in ("tests", "benchmarks")
    ]
    assert found == []


def test_nothing_is_pickled() -> None:
    found = [
        f"{module}:{line} {name}"
        for module in read_modules(*PACKAGES, "benchmarks")
        for name, line in list_imports(module.tree)
        if name.split(".")[0] in ("pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal")
    ]
    assert found == []


def test_no_source_evaluates_text() -> None:
    found = [
        f"{module}:{node.lineno}"
        for module in read_modules(*PACKAGES)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("eval", "exec")
    ]
    assert found == []


def test_the_import_contracts_are_kept() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    if not program.exists():
        pytest.skip("import-linter is not installed here; make check runs it")
    run = subprocess.run(
        [program, "--no-cache"], cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
