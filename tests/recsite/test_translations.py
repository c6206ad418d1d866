"""Marked strings are found, and catalogues that lack one are refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from recsite.translations.catalogue import find_faults, read_catalogue
from recsite.translations.sources import Message, find_messages, read_python, read_template

HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('_("a")', [Message(None, "a")]),
        ('gettext_lazy("two " "halves")', [Message(None, "two halves")]),
        ('translation.ngettext("%d item", "%d items", n)', [Message(None, "%d item")]),
        ('pgettext("verb", "rank")', [Message("verb", "rank")]),
        ('_("outer %(x)s") % {"x": _("inner")}', [Message(None, "outer %(x)s"), Message(None, "inner")]),
        ('_(name); log("plain"); _("")', []),
    ],
)
def test_python_code_tells_its_marked_strings(code: str, expected: list[Message]):
    assert sorted(read_python(code)) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{% load i18n %}{% translate "Why this?" %}', [Message(None, "Why this?")]),
        (
            "{% load i18n %}<p>{% blocktranslate trimmed %}\n  Read\n  {{ n }}\n{% endblocktranslate %}",
            [Message(None, "Read %(n)s")],
        ),
        ('{% load i18n %}{% translate "May" context "month" %}', [Message("month", "May")]),
        (
            "{% load i18n %}{% blocktranslate count n=n %}one{% plural %}{{ n }} of them{% endblocktranslate %}",
            [Message(None, "one")],
        ),
        ('{{ _("Home") }} {{ title|default:_("It\'s none") }}', [Message(None, "Home"), Message(None, "It's none")]),
        ("<p>_ (plain)</p>", []),
    ],
)
def test_template_tells_its_marked_strings(text: str, expected: list[Message]):
    assert list(read_template(text)) == expected


def test_folders_are_read_but_for_migrations(tmp_path: Path):
    (tmp_path / "migrations").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "migrations" / "0001.py").write_text('_("old")')
    (tmp_path / "admin.py").write_text('_("new")')
    (tmp_path / "templates" / "page.html").write_text('{{ _("page") }}')
    assert sorted(find_messages([tmp_path])) == [Message(None, "new"), Message(None, "page")]


def test_catalogue_is_read_with_contexts_plurals_and_long_lines():
    text = HEADER + (
        '#: a.py:1\nmsgid "one"\nmsgstr "一"\n\n'
        'msgctxt "verb"\nmsgid ""\n"ra"\n"nk"\nmsgstr "排\\n"\n'
        'msgid "%d item"\nmsgid_plural "%d items"\nmsgstr[0] "%d 个"\n\n'
        '#~ msgid "gone"\n#~ msgstr "走"\n'
    )
    assert [(entry.message, entry.translations) for entry in read_catalogue(text)] == [
        (Message(None, "one"), ["一"]),
        (Message("verb", "rank"), ["排\n"]),
        (Message(None, "%d item"), ["%d 个"]),
    ]


def compile_catalogue(folder: Path, text: str) -> Path:
    po = folder / "django.po"
    po.write_text(HEADER + text)
    if shutil.which("msgfmt") is None:
        pytest.skip("msgfmt (gettext) is not installed")
    subprocess.run(["msgfmt", "-o", str(po.with_suffix(".mo")), str(po)], check=True)
    return po


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('msgid "a"\nmsgstr "甲"\n', None),
        ('msgid "b"\nmsgstr "乙"\n', "lacks 'a'"),
        ('msgid "a"\nmsgstr ""\n', "is not translated: 'a'"),
        ('#, fuzzy\nmsgid "a"\nmsgstr "甲"\n', "is marked fuzzy: 'a'"),
        ('msgid "a"\nmsgstr "甲"\n\nmsgid "%(n)s b"\nmsgstr "乙"\n', "has other placeholders"),
        ('msgid "a"\nmsgstr "甲 {x}"\n', "has other placeholders"),
        ('msgid "a"\nmsgstr "甲"\n\nmsgid "one"\nmsgid_plural "%d b"\nmsgstr[0] "%d 个"\n', None),
    ],
)
def test_faults_of_a_catalogue_are_told(tmp_path: Path, text: str, fault: str | None):
    faults = list(find_faults(compile_catalogue(tmp_path, text), wanted=[Message(None, "a")]))
    assert [line for line in faults if fault is not None and fault in line] == faults[: 1 if fault else 0]
    assert bool(faults) is (fault is not None)


def test_compiled_file_must_match(tmp_path: Path):
    po = compile_catalogue(tmp_path, 'msgid "a"\nmsgstr "甲"\n')
    po.write_text(po.read_text().replace("甲", "丙"))
    assert list(find_faults(po, wanted=[])) == [f"{tmp_path / 'django.mo'}: stale: run make messages"]
    po.with_suffix(".mo").unlink()
    assert list(find_faults(po, wanted=[])) == [f"{tmp_path / 'django.mo'}: missing: run make messages"]


def test_catalogue_that_is_not_there_is_one_fault(tmp_path: Path):
    assert list(find_faults(tmp_path / "none.po", wanted=[Message(None, "a")])) == [f"{tmp_path / 'none.po'}: missing"]
