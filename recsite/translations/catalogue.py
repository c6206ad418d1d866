"""Reading a .po file, and telling what is wrong with it."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from recsite.translations.sources import Message

LINE = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d+)\])?)?\s*(".*")')
PLACEHOLDER = re.compile(r"%\(\w+\)[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]|%[sdifr]|\{\w*\}")


@dataclass
class Entry:
    """One message and its translations, by plural form."""

    fuzzy: bool = False
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def message(self) -> Message:
        """What is translated."""
        return Message(self.parts.get("msgctxt"), self.parts.get("msgid", ""))

    @property
    def translations(self) -> list[str]:
        """The translation in each plural form."""
        return [text for name, text in self.parts.items() if name.startswith("msgstr")]


def read_catalogue(text: str) -> list[Entry]:
    """The entries of a .po file in their order, without the header and what is obsolete."""
    entries = [Entry()]
    name = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#"):
            if entries[-1].parts:
                entries.append(Entry())
            entries[-1].fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        match = LINE.fullmatch(line)
        if match is None:
            continue
        keyword = match[1]
        if keyword:
            finished = any(part.startswith("msgstr") for part in entries[-1].parts)
            if keyword in ("msgctxt", "msgid") and finished:
                entries.append(Entry())
            name = keyword
        entries[-1].parts[name] = entries[-1].parts.get(name, "") + ast.literal_eval(match[3])
    return [entry for entry in entries if entry.parts.get("msgid")]


def find_faults(po: Path, *, wanted: Collection[Message]) -> Iterator[str]:
    """One line for each wanted message that the catalogue lacks or has wrong, and for a stale compiled file."""
    if not po.exists():
        yield f"{po}: missing"
        return
    entries = {entry.message: entry for entry in read_catalogue(po.read_text())}
    for message in sorted(set(wanted) - set(entries), key=str):
        yield f"{po}: lacks {message.text!r}: run make messages"
    for message, entry in entries.items():
        if fault := _find_fault(entry):
            yield f"{po}: {fault}: {message.text!r}"
    yield from _find_stale(po.with_suffix(".mo"), list(entries.values()))


def _find_fault(entry: Entry) -> str:
    if entry.fuzzy:
        return "is marked fuzzy"
    if not entry.translations or not all(entry.translations):
        return "is not translated"
    allowed = set(PLACEHOLDER.findall(entry.parts["msgid"] + entry.parts.get("msgid_plural", "")))
    needed = set(PLACEHOLDER.findall(entry.parts["msgid"])) & set(
        PLACEHOLDER.findall(entry.parts.get("msgid_plural", entry.parts["msgid"]))
    )
    for text in entry.translations:
        if not needed <= set(PLACEHOLDER.findall(text)) <= allowed:
            return "has other placeholders in its translation"
    return ""


def _find_stale(mo: Path, entries: list[Entry]) -> Iterator[str]:
    if not mo.exists():
        yield f"{mo}: missing: run make messages"
        return
    with mo.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in entries:
        context, text = entry.message
        key = text if context is None else f"{context}\x04{text}"
        got = compiled._catalog.get(key) or compiled._catalog.get((key, 0))  # type: ignore[attr-defined]
        if got != next(iter(entry.translations), None):
            yield f"{mo}: stale: run make messages"
            return
