"""Who uses the servers, and when they stop."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from recsite.embedded import EmbeddedError, join_servers, servers
from recsite.embedded.leases import find_needed_parts

pytestmark = pytest.mark.slow


def test_server_runs_until_the_last_user_leaves(make_installation):
    installation = make_installation(postgres=False)
    with servers(installation.environment):
        first = installation.find_pid("valkey-server")
        with installation.hold():
            pass
        assert installation.find_pid("valkey-server") == first
    assert installation.find_processes() == {}
    assert not installation.places.socket_folder.exists()


def test_server_that_runs_is_reused_within_milliseconds(make_installation):
    installation = make_installation()
    with servers(installation.environment):
        before = [installation.find_pid(word) for word in ("bin/postgres", "valkey-server")]
        start = time.perf_counter()
        with servers(installation.environment):
            assert time.perf_counter() - start < 0.2
            assert [installation.find_pid(word) for word in ("bin/postgres", "valkey-server")] == before


def test_user_killed_without_warning_leaves_no_server(make_installation, wait_for):
    installation = make_installation()
    with installation.hold() as user:
        user.kill()
    wait_for(lambda: installation.find_processes() == {})


def test_interrupt_of_the_whole_terminal_stops_everything(make_installation):
    installation = make_installation()
    with installation.hold() as user:
        os.killpg(user.pid, signal.SIGINT)
        user.wait(30)
        assert installation.find_processes() == {}


def test_terminated_user_leaves_no_server(make_installation, wait_for):
    installation = make_installation(postgres=False)
    with installation.hold() as user:
        user.terminate()
    wait_for(lambda: installation.find_processes() == {})


def test_server_does_not_keep_its_starters_output_open(make_installation):
    installation = make_installation(postgres=False)
    with installation.hold() as starter:
        leases = join_servers(installation.environment)
        starter.stdin.close()
        assert starter.wait(30) == 0
        assert starter.stdout.read() == b""  # would wait for ever
    for lease in leases:
        lease.release()


def test_two_installations_side_by_side_do_not_meet(make_installation):
    one, other = make_installation("one"), make_installation("another with spaces and 书")
    with servers(one.environment), servers(other.environment):
        one.query("CREATE TABLE mine (n int)")
        assert other.query("SELECT to_regclass('mine')") == [(None,)]
        assert one.places.socket_folder != other.places.socket_folder


def test_rows_are_there_at_the_next_start(make_installation):
    installation = make_installation(valkey=False)
    with servers(installation.environment):
        installation.query("CREATE TABLE kept AS SELECT 42 AS n")
    with servers(installation.environment):
        assert installation.query("SELECT n FROM kept") == [(42,)]


def test_only_the_parts_without_a_url_are_started(make_installation):
    assert [part.name for part in find_needed_parts(make_installation().environment)] == ["postgres", "valkey"]
    assert [part.name for part in find_needed_parts(make_installation(valkey=False).environment)] == ["postgres"]
    assert find_needed_parts(make_installation(postgres=False, valkey=False).environment) == []


def test_joining_needs_a_server_that_somebody_started(make_installation):
    installation = make_installation(postgres=False)
    with pytest.raises(EmbeddedError, match=r"valkey does not run: .*BROKER_URL"):
        join_servers(installation.environment)


def test_joined_server_outlives_the_one_who_started_it(make_installation):
    installation = make_installation(postgres=False)
    with servers(installation.environment):
        leases = join_servers(installation.environment)
    assert installation.find_pid("valkey-server")
    for lease in leases:
        lease.release()
    assert installation.find_processes() == {}


def test_var_folder_that_cannot_be_made_is_one_line(make_installation, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(EmbeddedError, match=r"RECSITE_VAR: .* cannot be written"),
        servers(make_installation("file/var").environment),
    ):
        pass
