"""Servers and keepers that die, and starts that were interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from recsite.embedded import embedded_cache_url, servers
from recsite.embedded.parts import find_part
from recsite.embedded.postgres import remove_stale_pid

pytestmark = pytest.mark.slow


def test_killed_postgres_comes_back_with_its_rows(make_installation, wait_for):
    installation = make_installation(valkey=False)
    with servers(installation.environment):
        installation.query("CREATE TABLE kept AS SELECT 42 AS n")
        killed = installation.find_pid("bin/postgres")
        os.kill(killed, signal.SIGKILL)

        def answers() -> bool:
            try:
                return installation.query("SELECT n FROM kept") == [(42,)]
            except psycopg.OperationalError:
                return False

        wait_for(answers)
        assert installation.find_pid("bin/postgres") != killed


def test_killed_valkey_comes_back(make_installation, wait_for):
    installation = make_installation(postgres=False)
    with servers(installation.environment), redis.from_url(embedded_cache_url(installation.environment)) as client:
        os.kill(installation.find_pid("valkey-server"), signal.SIGKILL)

        def answers() -> bool:
            try:
                return client.ping()
            except redis.ConnectionError:
                return False

        wait_for(answers)


@pytest.mark.parametrize("part", ["postgres", "valkey"])
def test_server_that_lost_its_keeper_is_taken_over_by_the_next_user(make_installation, wait_for, part: str):
    installation = make_installation(postgres=part == "postgres", valkey=part == "valkey")
    word = {"postgres": "bin/postgres", "valkey": "valkey-server"}[part]
    with servers(installation.environment):
        orphan = installation.find_pid(word)
        os.kill(installation.find_pid("embedded.keeper"), signal.SIGKILL)
        wait_for(lambda: not find_part(part).has_keeper(installation.places))
        with servers(installation.environment):
            assert installation.find_pid(word) != orphan
    assert installation.find_processes() == {}


def test_server_that_lost_its_keeper_is_stopped_by_the_last_user(make_installation):
    installation = make_installation(postgres=False)
    with servers(installation.environment):
        os.kill(installation.find_pid("embedded.keeper"), signal.SIGKILL)
    assert installation.find_processes() == {}
    assert not installation.places.socket_folder.exists()


def test_everything_killed_at_once_starts_again(make_installation, wait_for):
    installation = make_installation()
    with installation.hold() as user:
        installation.query("CREATE TABLE kept AS SELECT 42 AS n")
        user.kill()
        for pid in installation.find_processes():
            with suppress(ProcessLookupError):  # the keeper may be stopping the servers already
                os.kill(pid, signal.SIGKILL)
    wait_for(lambda: installation.find_processes() == {})
    # Postgres's own children outlive a killed postmaster for a moment, and hold its shared memory.
    wait_for(lambda: not works_in(installation.places.postgres))
    with servers(installation.environment):
        assert installation.query("SELECT n FROM kept") == [(42,)]


def works_in(folder):
    """Whether any process has ``folder`` as its working folder."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if link.readlink() == folder.resolve():
                return True
    return False


def test_interrupted_set_up_of_the_data_folder_is_begun_anew(make_installation):
    installation = make_installation(valkey=False)
    half_made = installation.environment.var / "postgres.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18")
    with servers(installation.environment):
        assert installation.query("SELECT 1") == [(1,)]
    assert not half_made.exists()


def test_pid_file_with_the_number_of_a_stranger_is_removed(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (tmp_path / "postmaster.pid").write_text(f"{stranger.pid}\n{tmp_path}\n")
        remove_stale_pid(tmp_path)
        stranger.kill()
    assert not (tmp_path / "postmaster.pid").exists()


def test_pid_file_of_a_live_postgres_is_left_alone(make_installation):
    installation = make_installation(valkey=False)
    with servers(installation.environment):
        remove_stale_pid(installation.places.postgres)
        assert (installation.places.postgres / "postmaster.pid").exists()


RECONNECT = """
import os, signal, time
import django
from django.core.signals import request_started
from recsite.embedded import servers
from recsite.embedded.places import find_places
from recsite.env import read_environment

environment = read_environment()
with servers(environment):
    django.setup()
    from django.db import OperationalError, connection

    def ask():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_postmaster_start_time()")
            return cursor.fetchone()[0]

    before = ask()
    pid_file = find_places(environment.var).postgres / "postmaster.pid"
    os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGKILL)
    failures = 0
    while True:
        request_started.send(sender=None)  # what every request begins with
        try:
            after = ask()
        except OperationalError:
            failures += 1
            time.sleep(0.05)
        else:
            if after > before:
                break
    print("reconnected", failures < 400)
"""


def test_django_reconnects_to_a_postgres_that_was_killed(make_installation):
    installation = make_installation(valkey=False)
    variables = {**installation.variables(), "DJANGO_SETTINGS_MODULE": "recsite.settings"}
    done = subprocess.run(
        [sys.executable, "-c", RECONNECT], env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("reconnected True\n", "")
