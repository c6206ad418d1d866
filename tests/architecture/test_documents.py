"""Documents: make targets and links are there, and nothing tells of the machine it was written on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from tests.architecture.sources import CHECKOUT, PACKAGES, list_tracked_files

PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
MAKEFILE = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
MACHINE_PATHS = re.compile(
    rb"(?<![\w.~/$}-])/(?:"
    + rb"|".join([rb"work", rb"root", rb"home/(?!user\b|me\b)\w+", rb"Users/\w+", rb"opt/pypi"])
    + rb")\b"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_is_shown_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    shown = set(re.findall(r"^make ([a-z][a-z-]*)", code, re.MULTILINE)) | set(
        re.findall(r"`make ([a-z][a-z-]*)", text)
    )
    assert shown - TARGETS == set()


def test_every_target_of_make_help_is_phony_and_exists() -> None:
    joined = MAKEFILE.replace("\\\n", " ")
    phony = {name for line in re.findall(r"^\.PHONY:(.*)$", joined, re.MULTILINE) for name in line.split()}
    described = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
    assert described <= phony
    assert phony <= TARGETS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_and_file_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:catalog|profiles|recommender|recsite|tests|docs|benchmarks)[./][\w./]*)`", text)
    missing = []
    for name in named:
        path = CHECKOUT / (name if "/" in name else name.replace(".", "/"))
        if not (path.exists() or path.with_suffix(".py").exists() or finders.find(name)):
            missing.append(name)
    assert missing == []


def test_no_tracked_file_names_a_path_of_somebodys_machine() -> None:
    found = []
    for path in list_tracked_files():
        content = (CHECKOUT / path).read_bytes()
        if b"\0" in content[:1024] or path.name == "test_documents.py":
            continue
        found += [f"{path}: {match.group().decode()}" for match in MACHINE_PATHS.finditer(content)]
    assert found == []


def test_no_tracked_file_is_large() -> None:
    assert [str(path) for path in list_tracked_files() if (CHECKOUT / path).stat().st_size > 4_000_000] == []


def test_nothing_that_is_made_is_tracked() -> None:
    made = {".venv", "var", "__pycache__", "node_modules", "dist", "build", ".mypy_cache"}
    assert [
        str(path) for path in list_tracked_files() if made & set(path.parts) or path.suffix in (".pyc", ".log")
    ] == []


def test_every_package_is_in_the_wheel() -> None:
    pyproject = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    packages = re.search(r"^packages = \[(.*)\]$", pyproject, re.MULTILINE)
    assert packages is not None
    assert set(re.findall(r'"(\w+)"', packages.group(1))) == set(PACKAGES)
