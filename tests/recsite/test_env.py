"""Settings from the environment: what is taken, and how a bad one is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recsite.env import Environment, SettingError, read_environment

KEY = "k" * 40


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Reads an environment that holds only what is given, and a var folder of the test's own."""

    def read_given(**variables: str) -> Environment:
        for name in list(os.environ):
            if not name.startswith(("PATH", "PYTEST", "HOME", "LC_", "LANG", "DJANGO_")) or name == "LANGUAGE_CODE":
                monkeypatch.delenv(name)
        monkeypatch.setenv("RECSITE_VAR", str(tmp_path / "var"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return read_environment()

    return read_given


def test_nothing_set_means_embedded_parts_and_debug_off(read):
    environment = read()
    assert (environment.database, environment.broker_url, environment.cache_url) == (None, None, None)
    assert environment.debug is False
    assert (environment.encoder, environment.encoder_options) == ("hashing", {})
    assert environment.default_catalog == "demo"
    assert environment.broker_visibility_timeout > environment.longest_job_seconds == 43200


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgres://ann:p%40ss%2F%3A@db.example:6432/shop",
            {"USER": "ann", "PASSWORD": "p@ss/:", "HOST": "db.example", "PORT": "6432", "NAME": "shop", "OPTIONS": {}},
        ),
        (
            "postgresql://ann:$HOME%24x@db/shop?sslmode=require&connect_timeout=3",
            {
                "USER": "ann",
                "PASSWORD": "$HOME$x",
                "HOST": "db",
                "NAME": "shop",
                "OPTIONS": {"sslmode": "require", "connect_timeout": 3},
            },
        ),
        (
            "postgresql://ann@%2Fvar%2Frun%2Fpg/shop",
            {"USER": "ann", "HOST": "/var/run/pg", "NAME": "shop", "OPTIONS": {}},
        ),
        ("postgresql:///shop?host=/run/a%20b", {"HOST": "/run/a b", "NAME": "shop", "OPTIONS": {}}),
        (
            "postgresql://ann@[::1]:5433/b%C3%BCcher",
            {"USER": "ann", "HOST": "::1", "PORT": "5433", "NAME": "bücher", "OPTIONS": {}},
        ),
    ],
)
def test_database_url_becomes_djangos_settings(read, url: str, expected: dict[str, object]):
    database = dict(read(DATABASE_URL=url, SECRET_KEY=KEY).database)
    assert database.pop("ENGINE") == "django.db.backends.postgresql"
    assert database.pop("CONN_HEALTH_CHECKS") is True
    assert database.pop("CONN_MAX_AGE") == 300
    assert {
        key: (int(value) if key == "connect_timeout" else value) for key, value in database.pop("OPTIONS").items()
    } == (expected.pop("OPTIONS"))
    assert database == expected


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DATABASE_URL", "mysql://root@db/shop", "postgresql://"),
        ("DATABASE_URL", "shop", "postgresql://"),
        ("DATABASE_URL", "postgresql://ann:s3cret%zz@db/shop", "percent-encode"),
        ("DATABASE_URL", "postgresql://ann:s3cret@db", "names no database"),
        ("DATABASE_URL", "postgresql://ann:s3cret@db:port/shop", "port"),
        ("DATABASE_URL", "postgresql://ann:s3cret@db:99999/shop", "port"),
        ("BROKER_URL", "valkey://:s3cret@host/0", "redis://"),
        ("BROKER_URL", "http://host", "does not start with"),
        ("BROKER_URL", "redis://", "host"),
        ("BROKER_URL", "redis://:s3cret@host:0x/1", "port"),
        ("CACHE_URL", "memcached://host", "does not start with"),
        ("CACHE_URL", "localhost:6379", "does not start with"),
        ("SECRET_KEY", "s3cret", "shorter than 32"),
        ("DEBUG", "maybe", "neither true nor false"),
        ("RECSITE_HTTPS", "2", "neither true nor false"),
        ("CSRF_TRUSTED_ORIGINS", "example.org", "https://example.org"),
        ("RECSITE_ENCODER", "Transformer", "is no key"),
        ("RECSITE_ENCODER", "transformer:{model}", "not valid JSON"),
        ("RECSITE_DEFAULT_CATALOG", "a b", "is no key"),
        ("RECSITE_LOG_LEVEL", "LOUD", "none of DEBUG"),
        ("RECSITE_DEVICE", "gpu", "none of auto"),
        ("RECSITE_LONGEST_JOB_SECONDS", "12h", "whole number"),
        ("RECSITE_LONGEST_JOB_SECONDS", "0", "whole number"),
        ("LANGUAGE_CODE", "english please", "none of en, zh-hans"),
        ("LANGUAGE_CODE", "xx", "none of en, zh-hans"),
        ("TIME_ZONE", "Mars/Phobos", "time zone"),
        ("TIME_ZONE", "../etc/passwd", "time zone"),
    ],
)
def test_malformed_setting_is_one_line_that_names_it_and_no_secret(read, capsys, name: str, value: str, message: str):
    with pytest.raises(SettingError) as caught:
        read(**{name: value})
    assert caught.value.code == 2
    assert list(caught.value.problems) == [name]
    line = capsys.readouterr().err
    assert line.startswith(f"recsite cannot start: {name}: ")
    assert line.count("\n") == 1
    assert message in line
    assert "s3cret" not in line


def test_all_that_is_wrong_is_told_at_once(read, capsys):
    with pytest.raises(SettingError) as caught:
        read(DEBUG="perhaps", TIME_ZONE="Mars", BROKER_URL="x")
    assert set(caught.value.problems) == {"DEBUG", "TIME_ZONE", "BROKER_URL"}
    assert capsys.readouterr().err.count("\n") == 1


def test_var_that_is_a_file_is_refused(read, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError) as caught:
        read(RECSITE_VAR=str(tmp_path / "file"))
    assert list(caught.value.problems) == ["RECSITE_VAR"]


def test_secret_is_read_from_the_file_that_is_named(read, tmp_path: Path):
    (tmp_path / "key").write_text(KEY + "\n")
    assert read(SECRET_KEY_FILE=str(tmp_path / "key")).secret_key == KEY


def test_file_that_cannot_be_read_is_named(read, tmp_path: Path):
    with pytest.raises(SettingError) as caught:
        read(DATABASE_URL_FILE=str(tmp_path / "missing"))
    assert list(caught.value.problems) == ["DATABASE_URL_FILE"]


def test_empty_variable_counts_as_not_set(read):
    assert read(DATABASE_URL="", BROKER_URL="", DEBUG="").database is None


def test_production_without_a_secret_key_does_not_start(read):
    with pytest.raises(SettingError) as caught:
        read(DATABASE_URL="postgresql://db/shop")
    assert list(caught.value.problems) == ["SECRET_KEY"]


def test_secret_key_is_made_once_and_kept_private(read, tmp_path: Path):
    first = read().secret_key
    assert len(first) >= 50
    assert read().secret_key == first
    assert read(DATABASE_URL="postgresql://db/shop", DEBUG="1").secret_key == first
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_emptied_secret_key_file_is_refused(read, tmp_path: Path):
    read()
    (tmp_path / "var" / "secret_key").write_text("")
    with pytest.raises(SettingError) as caught:
        read()
    assert "is empty" in caught.value.problems["SECRET_KEY"]


def test_repr_shows_no_secret(read):
    shown = repr(
        read(
            SECRET_KEY=KEY,
            DATABASE_URL="postgresql://u:s3cret@db/shop",
            BROKER_URL="redis://:s3cret@host",
            CACHE_URL="redis://:s3cret@host",
        )
    )
    assert "s3cret" not in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    ("text", "key", "options"),
    [
        ("hashing", "hashing", {}),
        ('hashing:{"dimensions": 64}', "hashing", {"dimensions": 64}),
        ("transformer:org/model-v2", "transformer", {"model": "org/model-v2"}),
        ("transformer:/srv/models/a b", "transformer", {"model": "/srv/models/a b"}),
    ],
)
def test_encoder_is_a_key_with_options_or_a_model(read, text: str, key: str, options: dict[str, object]):
    environment = read(RECSITE_ENCODER=text)
    assert (environment.encoder, environment.encoder_options) == (key, options)


def test_lists_are_comma_separated(read):
    environment = read(ALLOWED_HOSTS="a.example, b.example,", RECSITE_DISABLED_PLUGINS="x")
    assert environment.allowed_hosts == ("a.example", "b.example")
    assert environment.disabled_plugins == ("x",)
