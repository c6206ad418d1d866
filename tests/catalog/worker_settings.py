"""Settings of worker processes that tests start: the test run's own database."""

from __future__ import annotations

import os

from recsite.settings import *  # noqa: F403
from recsite.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["RECSITE_TEST_DATABASE"]
RECSITE_ENCODING = {"largest_batch": 50}
