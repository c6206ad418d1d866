"""The project's settings, with a var folder of its own so that tests never touch an installation's data."""

from __future__ import annotations

import os
from pathlib import Path

checkout = Path(__file__).resolve().parent.parent
os.environ["RECSITE_VAR"] = str(Path(os.environ.get("RECSITE_VAR") or checkout / "var") / "test")

from recsite.settings import *  # noqa: E402, F403 - the settings read RECSITE_VAR

# Pages are tested without a collectstatic before.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 - whitenoise warns of a folder that is not there
