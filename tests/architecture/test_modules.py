"""The house rules that a module can break: its length, its name, what it says of itself."""

from __future__ import annotations

import ast
import re
from statistics import median

from tests.architecture.sources import PACKAGES, read_modules

LONGEST = 300
MEDIAN = 80
VAGUE = {
    "algorithm",
    "base",
    "common",
    "engine",
    "event",
    "handler",
    "helper",
    "manager",
    "product",
    "provider",
    "util",
}
FAMILIES = (
    "catalog/encoders",
    "catalog/importers",
    "recommender/learners",
    "recommender/ranking",
    "recommender/reranking",
    "recommender/widgets",
)


def test_no_module_is_longer_than_the_limit() -> None:
    modules = read_modules(*PACKAGES, "benchmarks")
    assert {str(module): module.lines for module in modules if module.lines > LONGEST} == {}


def test_the_median_module_is_short() -> None:
    assert median(module.lines for module in read_modules(*PACKAGES)) <= MEDIAN


def test_every_module_says_its_purpose_in_one_line() -> None:
    silent = [
        str(module)
        for module in read_modules(*PACKAGES, "benchmarks")
        if not (ast.get_docstring(module.tree) or "").splitlines()[:1]
    ]
    assert silent == []


def test_no_file_has_a_vague_name() -> None:
    allowed = {f"{family}/base.py" for family in FAMILIES}
    vague = [
        str(module)
        for module in read_modules(*PACKAGES, "benchmarks", "tests")
        if str(module) not in allowed and find_vague_words(module.path.stem.split("_"))
    ]
    assert vague == []


def test_no_folder_has_a_vague_name() -> None:
    folders = {folder for module in read_modules(*PACKAGES) for folder in module.path.parent.parts}
    assert [folder for folder in sorted(folders) if find_vague_words(folder.split("_"))] == []


def test_no_class_has_a_vague_name() -> None:
    vague = [
        f"{module}:{node.name}"
        for module in read_modules(*PACKAGES)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and find_vague_words(re.findall(r"[A-Z][a-z0-9]*", node.name))
    ]
    assert vague == []


def find_vague_words(words: list[str]) -> set[str]:
    """Those of the words, in singular or plural, that say nothing."""
    return {word for word in words if word.lower() in VAGUE or word.lower().removesuffix("s") in VAGUE}
