"""A web process stays light: serving a request loads neither torch nor transformers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

SCRIPT = """
import sys
import django

django.setup()

from django.core.management import call_command
from django.test import Client
from catalog.models import Catalog
from catalog.services.api_keys import create_api_key
from django.db import connection, transaction

connection.settings_dict["NAME"] = sys.argv[1]
connection.settings_dict.pop("TEST", None)

class Undo(Exception):
    pass

try:
    with transaction.atomic():
        catalog = Catalog.objects.create(key="light", name="Light")
        _, secret = create_api_key(catalog.pk, name="light", scope="admin")
        client = Client(headers={"X-API-Key": secret}, SERVER_NAME="localhost")
        sent = client.post("/api/v1/items", [{"key": "a"}, {"key": "b"}], content_type="application/json")
        assert sent.json()["created"] == 2, sent.content
        similar = client.get("/api/v1/items/a/similar")
        assert similar.status_code == 200, similar.content
        assert client.get("/livez").status_code == 200
        assert client.get("/admin/login/").status_code == 200
        raise Undo
except Undo:
    pass

loaded = {name.split(".")[0] for name in sys.modules}
heavy = sorted(loaded & {"torch", "transformers", "sentence_transformers", "scipy"})
assert not heavy, heavy
print("light")
"""


@pytest.mark.slow
@pytest.mark.django_db
def test_a_web_process_serves_without_torch() -> None:
    # The test settings put their own folder below the one that they find, and have done so here already.
    var = Path(os.environ["RECSITE_VAR"]).parent
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(connection.settings_dict["NAME"])],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "RECSITE_VAR": str(var)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (run.returncode, run.stdout.strip()) == (0, "light"), run.stderr
