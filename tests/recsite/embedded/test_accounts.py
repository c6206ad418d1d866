"""Who the servers run as, and folders that they must not trust."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

import pytest

from recsite.embedded import EmbeddedError, servers
from recsite.embedded.accounts import find_prefix, make_owned_folder
from recsite.embedded.places import Places, find_places
from recsite.embedded.programs import find_valkey_program
from recsite.embedded.sockets import make_socket_folder, remove_socket_folder
from recsite.secret_key import read_or_make_secret_key

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
ORDINARY = next(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid and entry.pw_name != "nobody")


@needs_root
@pytest.mark.slow
def test_root_lends_the_servers_to_an_unprivileged_user(make_installation):
    installation = make_installation()
    assert Path(installation.environment.var).parent.parent.stat().st_mode & 0o077 == 0, "nobody may pass here"
    with servers(installation.environment):
        for word in ("bin/postgres", "valkey-server"):
            assert Path(f"/proc/{installation.find_pid(word)}").stat().st_uid == installation.places.uid != 0


@needs_root
@pytest.mark.slow
def test_ordinary_user_runs_them_alone_and_root_runs_them_as_that_user_later(make_installation, tmp_path: Path):
    installation = make_installation()
    folder = installation.environment.var
    make_owned_folder(folder, Places(var=folder, uid=ORDINARY, gid=ORDINARY))
    # The interpreter, the packages or the test's folder may lie below a private home; reading is all that is lent.
    lent = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    become = (shutil.which("setpriv"), f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups", *lent)
    with installation.hold(become):
        pid = installation.find_pid("bin/postgres")
        assert Path(f"/proc/{pid}").stat().st_uid == ORDINARY
        assert installation.places.socket_folder.stat().st_uid == ORDINARY
    with servers(installation.environment):
        pid = installation.find_pid("bin/postgres")
        assert Path(f"/proc/{pid}").stat().st_uid == ORDINARY


@needs_root
@pytest.mark.slow
def test_what_root_makes_in_a_users_checkout_belongs_to_that_user(make_installation, tmp_path: Path):
    (tmp_path / "checkout").mkdir()
    os.chown(tmp_path / "checkout", ORDINARY, ORDINARY)
    installation = make_installation("checkout/new/var")
    before = installation.places
    with servers(installation.environment):
        assert installation.places == before
        read_or_make_secret_key(installation.environment.var)
    paths = [path for path in (tmp_path / "checkout").rglob("*") if not path.is_relative_to(before.postgres)]
    assert len(paths) > 10
    # The state file is replaced, never written to, so that its owner does not matter.
    assert {path.name for path in paths if path.stat().st_uid != ORDINARY} <= {"postgres.state", "valkey.state"}


def make_places(var: Path) -> Places:
    return find_places(var)


def test_socket_folder_is_private_and_short(tmp_path: Path):
    places = make_places(tmp_path / ("long" * 50))
    make_socket_folder(places)
    make_socket_folder(places)
    assert places.socket_folder.stat().st_mode & 0o777 == 0o700
    assert len(os.fsencode(places.postgres_socket)) < 108
    remove_socket_folder(places)
    assert not places.socket_folder.exists()


def test_link_in_the_socket_folders_place_is_refused(tmp_path: Path):
    places = make_places(tmp_path)
    places.socket_folder.symlink_to(tmp_path)
    try:
        with pytest.raises(EmbeddedError, match="is not a private folder"):
            make_socket_folder(places)
    finally:
        places.socket_folder.unlink()


def test_socket_folder_open_to_others_is_refused(tmp_path: Path):
    places = make_places(tmp_path)
    make_socket_folder(places)
    places.socket_folder.chmod(0o777)
    try:
        with pytest.raises(EmbeddedError, match="is not a private folder"):
            make_socket_folder(places)
    finally:
        places.socket_folder.rmdir()


@needs_root
def test_socket_folder_of_another_user_is_refused(tmp_path: Path):
    places = make_places(tmp_path)
    places.socket_folder.mkdir(mode=0o700)
    os.chown(places.socket_folder, ORDINARY, ORDINARY)
    try:
        with pytest.raises(EmbeddedError, match="is not a private folder of user"):
            make_socket_folder(places)
    finally:
        places.socket_folder.rmdir()


@needs_root
def test_root_without_setpriv_is_told_what_is_missing(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    program = find_valkey_program()
    with pytest.raises(EmbeddedError, match="need setpriv"):
        find_prefix(make_places(tmp_path), program=program, readable=program, folder=tmp_path)


@needs_root
def test_folder_out_of_reach_is_one_line_that_names_the_setting(tmp_path: Path):
    program = find_valkey_program()
    places = make_places(tmp_path)
    with pytest.raises(EmbeddedError, match="set RECSITE_VAR to a folder that everyone can pass into"):
        find_prefix(places, program=program, readable=program, folder=tmp_path / "missing")
