"""Strings that the code and the templates mark for translation, found without gettext's own tools."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
WITH_CONTEXT = {"pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"}
TEMPLATE_CALL = re.compile(
    r"\b(n?p?gettext|_)\(\s*((?:u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*,?\s*)+)", re.DOTALL
)


class Message(NamedTuple):
    """One string to translate; the plural form is looked up by the singular."""

    context: str | None
    text: str


def find_messages(folders: list[Path]) -> dict[Message, Path]:
    """Every marked string under the folders, and a file that has it."""
    found: dict[Message, Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                messages = read_python(path.read_text())
            elif path.suffix in (".html", ".txt") and "templates" in path.parts:
                messages = read_template(path.read_text())
            else:
                continue
            for message in messages:
                found.setdefault(message, path)
    return found


def read_python(code: str) -> Iterator[Message]:
    """The strings that Python code marks."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            yield from _read_call(node)


def read_template(text: str) -> Iterator[Message]:
    """The strings that a Django template marks."""
    for name, arguments in TEMPLATE_CALL.findall(templatize(text)):
        yield from _read_call(ast.parse(f"{name}({arguments.strip().rstrip(',')})", mode="eval").body)


def _read_call(node: ast.expr) -> Iterator[Message]:
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in PLAIN | WITH_CONTEXT:
        return
    texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if name in PLAIN and texts and texts[0]:
        yield Message(None, texts[0])
    elif name in WITH_CONTEXT and len(texts) > 1:
        yield Message(texts[0], texts[1])
