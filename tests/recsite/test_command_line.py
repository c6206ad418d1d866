"""manage.py, gunicorn, Celery and pytest as separate processes: what they do before and around a command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from manage import needs_servers
from recsite.env import CHECKOUT

pytestmark = pytest.mark.slow


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    names = ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.run(
        [sys.executable, *command],
        cwd=CHECKOUT,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "migrate"],
        ["manage.py", "help"],
        ["-m", "gunicorn", "recsite.wsgi", "--bind", "127.0.0.1:0"],
        ["-m", "celery", "-A", "recsite", "worker"],
        ["-m", "celery", "-A", "recsite", "beat"],
        ["-m", "pytest", "tests/recsite/test_env.py"],
    ],
    ids=["manage.py", "help", "gunicorn", "celery worker", "celery beat", "pytest"],
)
def test_bad_setting_stops_every_program_with_one_line(command: list[str], tmp_path: Path):
    done = run(*command, RECSITE_VAR=str(tmp_path), TIME_ZONE="Mars")
    assert done.returncode == 2
    assert done.stderr == "recsite cannot start: TIME_ZONE: 'Mars' is no known time zone such as Europe/Paris\n"
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "gunicorn", "recsite.wsgi", "--bind", "127.0.0.1:0"],
        ["-m", "celery", "-A", "recsite", "worker"],
        ["-m", "celery", "-A", "recsite", "beat"],
    ],
    ids=["gunicorn", "celery worker", "celery beat"],
)
def test_program_started_by_hand_without_the_servers_says_so_in_one_line(command: list[str], tmp_path: Path):
    done = run(*command, RECSITE_VAR=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("recsite cannot start: the embedded postgres does not run")
    assert done.stderr.count("\n") == 1


def test_help_starts_no_server(tmp_path: Path):
    done = run("manage.py", "migrate", "--help", RECSITE_VAR=str(tmp_path))
    assert done.returncode == 0
    assert not (tmp_path / "postgres").exists()


def test_command_finds_the_servers_up(tmp_path: Path):
    code = "from django.db import connection as c; c.ensure_connection(); print(c.pg_version // 10000)"
    done = run("manage.py", "shell", "--no-imports", "-c", code, RECSITE_VAR=str(tmp_path))
    assert (done.stdout, done.stderr, done.returncode) == ("18\n", "", 0)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["migrate"], True),
        (["import_items", "file.csv"], True),
        (["check"], False),
        (["check", "--database", "default"], True),
        (["makemessages"], False),
        (["serve", "--help"], False),
        (["help", "serve"], False),
        (["--version"], False),
        ([], False),
    ],
)
def test_only_commands_that_use_the_database_start_it(arguments: list[str], expected: bool):
    assert needs_servers(arguments) is expected


def test_first_migration_of_an_empty_database_needs_nothing_but_itself(tmp_path: Path):
    done = run("manage.py", "migrate", "-v0", RECSITE_VAR=str(tmp_path))
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("command", ["check", "spaces"])
def test_a_plug_in_that_is_not_there_is_one_line(command: str, tmp_path: Path):
    done = run("manage.py", command, RECSITE_VAR=str(tmp_path), RECSITE_DISABLED_PLUGINS="nothing")
    assert done.returncode == 2
    assert done.stderr == "recsite cannot start: RECSITE_DISABLED_PLUGINS: no plug-in nothing\n"


def test_a_database_that_cannot_be_reached_is_one_line_without_the_password(tmp_path: Path):
    ended = run(
        "manage.py",
        "recommend",
        "somebody",
        RECSITE_VAR=str(tmp_path),
        DATABASE_URL="postgresql://recsite:s3cret@127.0.0.1:9/recsite",
        SECRET_KEY="k" * 60,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("recsite cannot reach its database: ")
    assert ended.stderr.count("\n") == 1
    assert "s3cret" not in ended.stderr
