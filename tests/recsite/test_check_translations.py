"""The command that make check runs over the translations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command


def test_a_language_without_a_catalogue_fails_and_is_named(
    settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.LOCALE_PATHS = [tmp_path]
    with pytest.raises(CommandError, match=r"^1 faults in the translations of \d+ messages$"):
        call_command("check_translations")
    assert "zh_Hans" in capsys.readouterr().err


def test_the_language_of_the_source_needs_no_catalogue(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.LANGUAGES = [("en", "English")]
    call_command("check_translations")
    assert capsys.readouterr().out.startswith("translations complete: ")
