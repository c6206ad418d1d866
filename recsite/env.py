"""The process environment, read once into one frozen value."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from environs import FileAwareEnv

from recsite import env_values as values
from recsite.secret_key import SecretKeyError, read_or_make_secret_key

CHECKOUT = Path(__file__).resolve().parent.parent
T = TypeVar("T")
Default = TypeVar("Default")


HASHING: tuple[str, Mapping[str, Any]] = ("hashing", {})


class SettingError(SystemExit):
    """A setting is missing or malformed: ends the process with status 2, after one line on stderr."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(2)
        self.problems = dict(problems)

    def __str__(self) -> str:
        return "recsite cannot start: " + "; ".join(f"{name}: {problem}" for name, problem in self.problems.items())


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Everything that recsite takes from the environment; secrets stay out of the repr."""

    secret_key: str = field(repr=False)
    debug: bool
    https: bool
    """The site is reached by HTTPS alone: secure cookies, redirect, HSTS (RECSITE_HTTPS)."""
    allowed_hosts: tuple[str, ...]
    csrf_trusted_origins: tuple[str, ...]
    database: Mapping[str, Any] | None = field(repr=False)
    """Django's settings for the database of DATABASE_URL; None means the embedded Postgres."""
    broker_url: str | None = field(repr=False)
    """None means the embedded Valkey."""
    cache_url: str | None = field(repr=False)
    """None means the embedded Valkey."""
    var: Path
    encoder: str
    encoder_options: Mapping[str, Any]
    encoder_is_set: bool
    """RECSITE_ENCODER was given, so that nothing else is to be chosen for it."""
    disabled_plugins: tuple[str, ...]
    default_catalog: str
    log_level: str
    device: str
    longest_job_seconds: int
    language_code: str
    time_zone: str

    @property
    def broker_visibility_timeout(self) -> int:
        """Seconds after which the broker hands out an unfinished task again: an hour above the longest job."""
        return self.longest_job_seconds + 3600


class _Reader:
    """Reads one variable after another (or the file that NAME_FILE names) and collects what is wrong."""

    def __init__(self) -> None:
        self.env = FileAwareEnv(strip_whitespace=True)
        self.problems: dict[str, str] = {}

    def read(self, name: str, parse: Callable[[str], T], default: Default) -> T | Default:
        try:
            text = self.env.str(name, "")
        except (OSError, ValueError):
            self.problems[f"{name}_FILE"] = "names no file that can be read as text"
            return default
        if not text:  # Compose files pass a variable that is not set as an empty one
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.problems[name] = str(error)
            return default


def read_environment() -> Environment:
    """The environment of this process; a bad setting prints one line that names it and raises SettingError."""
    reader = _Reader()
    read = reader.read
    var = read("RECSITE_VAR", values.parse_var, CHECKOUT / "var")
    debug = read("DEBUG", values.parse_flag, False)
    database = read("DATABASE_URL", values.parse_database_url, None)
    chosen_encoder = read("RECSITE_ENCODER", values.parse_encoder, None)
    encoder, encoder_options = chosen_encoder or HASHING
    secret_key = read("SECRET_KEY", values.parse_secret_key, "")
    rest: dict[str, Any] = {
        "https": read("RECSITE_HTTPS", values.parse_flag, False),
        "allowed_hosts": read("ALLOWED_HOSTS", values.parse_list, ("localhost", "127.0.0.1", "[::1]")),
        "csrf_trusted_origins": read("CSRF_TRUSTED_ORIGINS", values.parse_origins, ()),
        "broker_url": read("BROKER_URL", values.parse_broker_url, None),
        "cache_url": read("CACHE_URL", values.parse_cache_url, None),
        "disabled_plugins": read("RECSITE_DISABLED_PLUGINS", values.parse_list, ()),
        "default_catalog": read("RECSITE_DEFAULT_CATALOG", values.parse_slug, "demo"),
        "log_level": read("RECSITE_LOG_LEVEL", values.parse_log_level, "INFO"),
        "device": read("RECSITE_DEVICE", values.parse_device, "auto"),
        "longest_job_seconds": read("RECSITE_LONGEST_JOB_SECONDS", values.parse_seconds, 43200),
        "language_code": read("LANGUAGE_CODE", values.parse_language, "en"),
        "time_zone": read("TIME_ZONE", values.parse_time_zone, "UTC"),
    }
    if not secret_key and not reader.problems:
        try:
            secret_key = _find_secret_key(var, may_make=debug or database is None)
        except SecretKeyError as error:
            reader.problems["SECRET_KEY"] = str(error)
    if reader.problems:
        failure = SettingError(reader.problems)
        sys.stderr.write(f"{failure}\n")
        raise failure
    return Environment(
        secret_key=secret_key,
        debug=debug,
        database=database,
        var=var,
        encoder=encoder,
        encoder_options=encoder_options,
        encoder_is_set=chosen_encoder is not None,
        **rest,
    )


def _find_secret_key(var: Path, *, may_make: bool) -> str:
    if not may_make:
        raise SecretKeyError("not set, but needed where DATABASE_URL is set and DEBUG is off")
    return read_or_make_secret_key(var)
