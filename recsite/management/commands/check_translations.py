"""`manage.py check_translations`: refuses strings that a language of ours lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import to_locale

from recsite.env import CHECKOUT
from recsite.translations.catalogue import find_faults
from recsite.translations.sources import find_messages

PACKAGES = ("recsite", "catalog", "profiles", "recommender")
SHOWN = 30


class Command(BaseCommand):
    """Compares what the code marks for translation with each language's catalogue."""

    help = "Fails when a string is missing, not translated, fuzzy or not compiled in a language of LANGUAGES."
    requires_system_checks: list[str] = []

    def handle(self, *_: Any, **__: Any) -> None:
        """Checks each language but the source's."""
        messages = find_messages([CHECKOUT / package for package in PACKAGES])
        folder = Path(settings.LOCALE_PATHS[0])
        faults = []
        for code, _name in settings.LANGUAGES:
            if code != "en":
                po = folder / to_locale(code) / "LC_MESSAGES" / "django.po"
                faults += list(find_faults(po, wanted=messages))
        for fault in faults[:SHOWN]:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} faults in the translations of {len(messages)} messages")
        self.stdout.write(f"translations complete: {len(messages)} messages")
