"""Addresses of the embedded servers, known before they run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from recsite.embedded import embedded_broker_url, embedded_cache_url, embedded_database_settings
from recsite.embedded.places import find_places


def test_addresses_name_the_sockets_and_start_nothing(environment, tmp_path: Path):
    other = dataclasses.replace(environment, var=tmp_path / "var")
    folder = find_places(other.var).socket_folder
    database = embedded_database_settings(other)
    assert (database["HOST"], database["NAME"], database["USER"]) == (str(folder), "recsite", "recsite")
    assert database["CONN_HEALTH_CHECKS"] is True
    assert embedded_broker_url(other) == f"redis+socket://{folder}/valkey.sock?virtual_host=0"
    assert embedded_cache_url(other) == f"unix://{folder}/valkey.sock?db=1"
    assert list(tmp_path.iterdir()) == []


def test_addresses_of_two_folders_differ_and_those_of_one_do_not(environment, tmp_path: Path):
    def read(name: str) -> str:
        return embedded_broker_url(dataclasses.replace(environment, var=tmp_path / name))

    assert read("a") == read("a") != read("b")


def test_link_to_a_var_folder_means_the_same_servers(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert find_places(tmp_path / "real") == find_places(tmp_path / "link")
