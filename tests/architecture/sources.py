"""The source files that the architecture tests read, parsed once."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("catalog", "profiles", "recommender", "recsite")


@dataclass(frozen=True)
class Module:
    """One source file; ``path`` is relative to the checkout."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    def __str__(self) -> str:
        return self.path.as_posix()


@cache
def read_modules(*folders: str) -> tuple[Module, ...]:
    """Every Python file below the folders, without migrations and vendored code, in the order of paths."""
    found = []
    for folder in folders:
        for path in sorted((CHECKOUT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                text = path.read_text(encoding="utf-8")
                found.append(Module(path.relative_to(CHECKOUT), text, ast.parse(text)))
    assert found
    return tuple(found)


def list_imports(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module that is imported anywhere below ``node``, with the line; ``import_module("x")`` counts."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield alias.name, child.lineno
        elif isinstance(child, ast.ImportFrom):
            yield "." * child.level + (child.module or ""), child.lineno
        elif isinstance(child, ast.Call) and child.args and isinstance(child.args[0], ast.Constant):
            called = child.func.attr if isinstance(child.func, ast.Attribute) else getattr(child.func, "id", "")
            if called in ("import_module", "__import__"):
                yield str(child.args[0].value), child.lineno


def list_functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def list_tracked_files() -> list[Path]:
    """What git tracks, relative to the checkout."""
    if not (CHECKOUT / ".git").exists():
        pytest.skip("not a git checkout: nobody knows which files are tracked")
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return [path for name in listed.stdout.split("\0") if name and (CHECKOUT / (path := Path(name))).is_file()]
