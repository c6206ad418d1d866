"""Commands: each has a test and tells what it does, and what README and docs say of them is true."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator

import pytest
from django.core.management import get_commands, load_command_class

from tests.architecture.sources import CHECKOUT, PACKAGES, read_modules

PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
COMMANDS = sorted(name for name, app in get_commands().items() if app in PACKAGES)
# `train LEARNER [--promote]` at the start of a table row; `manage.py train …` anywhere.
_IN_TABLE = re.compile(r"^\| (`.+?) \|", re.MULTILINE)
_AFTER_MANAGE = re.compile(r"manage\.py ([a-z_]+)((?: +[^\s|#)`]+)*)")


def list_mentions() -> Iterator[tuple[str, str, str]]:
    """Page, command and what follows it, for every mention of a command of ours."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for name, rest in _AFTER_MANAGE.findall(text):
            yield page.name, name, rest
        for cell in _IN_TABLE.findall(text):
            for span in re.findall(r"`([^`]+)`", cell):
                name, _, rest = span.partition(" ")
                if name in COMMANDS:
                    yield page.name, name, rest


def list_parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser and those of its sub-commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from list_parsers(child)


def test_every_command_is_called_by_a_test() -> None:
    spoken = {
        node.value
        for module in read_modules("tests")
        if "architecture" not in module.path.parts
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert [name for name in COMMANDS if name not in spoken] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_a_help_text(name: str) -> None:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    assert parser.description
    for part in list_parsers(parser):
        silent = [
            action.dest
            for action in part._actions
            if not action.help and not isinstance(action, argparse._SubParsersAction)
        ]
        assert silent == []


def test_the_commands_that_the_readme_shows_exist() -> None:
    known = get_commands()
    assert [(page, name) for page, name, _ in list_mentions() if name not in known] == []


def test_the_readme_mentions_every_command() -> None:
    texts = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for_developers = {"check_translations"}  # make check runs it
    for_make = {name for name in COMMANDS if re.search(rf"\bmake {name}\b", texts)}
    shown = {name for _, name, _ in list_mentions()} | set(re.findall(r"`([a-z_]+)`", texts))
    assert set(COMMANDS) - shown - for_make - for_developers == set()


@pytest.mark.parametrize(("page", "name", "rest"), sorted(set(list_mentions())))
def test_the_options_that_the_readme_shows_exist(page: str, name: str, rest: str) -> None:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    known = {option for part in list_parsers(parser) for option in part._option_string_actions}
    shown = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rest)
    assert [option for option in shown if option not in known] == []


@pytest.mark.parametrize(("page", "name", "rest"), sorted(set(list_mentions())))
def test_the_choices_that_the_readme_shows_exist(page: str, name: str, rest: str) -> None:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    choices = {
        str(choice) for part in list_parsers(parser) for action in part._actions for choice in (action.choices or ())
    }
    shown = [word for run in re.findall(r"[\w-]+(?:\|[\w-]+)+", rest.replace("\\|", "|")) for word in run.split("|")]
    assert [word for word in shown if choices and word not in choices] == []
