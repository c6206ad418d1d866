"""How each environment variable is written: text in, value out, ValueError with a message that repeats no secret."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

BROKER_SCHEMES = ("redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps", "memory")
CACHE_SCHEMES = ("redis", "rediss", "unix", "locmem", "dummy")
LANGUAGES = ("en", "zh-hans")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SHORTEST_SECRET_KEY = 32
FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
OWN_DATABASE_KEYS = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
STEADY_CONNECTIONS = {"CONN_MAX_AGE": 300, "CONN_HEALTH_CHECKS": True}
"""Connections outlive a request, and one whose server was restarted meanwhile is replaced unnoticed."""


def parse_flag(text: str) -> bool:
    """A yes or no."""
    try:
        return FLAGS[text.lower()]
    except KeyError:
        raise ValueError(f"{text!r} is neither true nor false") from None


def parse_list(text: str) -> tuple[str, ...]:
    """Comma-separated entries, empty ones dropped."""
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


def parse_var(text: str) -> Path:
    """The folder for all that this installation writes, absolute."""
    path = Path(text).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ValueError(f"{text!r} is not a folder")
    return path


def parse_secret_key(text: str) -> str:
    """Django's secret key."""
    if len(text) < SHORTEST_SECRET_KEY:
        raise ValueError(f"shorter than {SHORTEST_SECRET_KEY} characters")
    return text


def parse_database_url(text: str) -> Mapping[str, Any]:
    """Django's database settings from a libpq URL: percent-encoding, socket hosts and ?options as in libpq."""
    if _read_scheme(text) not in ("postgres", "postgresql"):
        raise ValueError("is not of the form postgresql://user:password@host:port/name")
    try:
        parts = conninfo_to_dict(text)
    except ProgrammingError:  # libpq's own message may repeat a part of the password
        raise ValueError("cannot be read as a postgresql:// URL (percent-encode special characters)") from None
    if not parts.get("dbname"):
        raise ValueError("names no database (postgresql://user:password@host:port/NAME)")
    settings: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql", **STEADY_CONNECTIONS, "OPTIONS": {}}
    for key, value in parts.items():
        if key in OWN_DATABASE_KEYS:
            settings[OWN_DATABASE_KEYS[key]] = str(value)
        else:
            settings["OPTIONS"][key] = value
    for port in settings.get("PORT", "").split(","):
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError("has a port that is no number from 1 to 65535")
    return settings


def parse_broker_url(text: str) -> str:
    """The address of Celery's broker."""
    return _check_url(text, BROKER_SCHEMES)


def parse_cache_url(text: str) -> str:
    """The address of Django's cache."""
    return _check_url(text, CACHE_SCHEMES)


def parse_origins(text: str) -> tuple[str, ...]:
    """Origins with their scheme, as Django wants them."""
    origins = parse_list(text)
    for origin in origins:
        if not re.fullmatch(r"https?://[^/\s]+", origin):
            raise ValueError(f"{origin!r} is no origin such as https://example.org")
    return origins


def parse_encoder(text: str) -> tuple[str, Mapping[str, Any]]:
    """`key`, `key:{"json": "options"}`, or `key:model` for an encoder whose one needed option is its model."""
    key, _, rest = text.partition(":")
    parse_slug(key)
    if not rest.lstrip().startswith("{"):
        return key, {"model": rest} if rest else {}
    try:
        options = json.loads(rest)
    except ValueError:
        raise ValueError(f"the options after {key!r} are not valid JSON") from None
    return key, options


def parse_slug(text: str) -> str:
    """A key: lower-case letters, digits, `-` and `_`."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", text):
        raise ValueError(f"{text!r} is no key (lower-case letters, digits, - and _)")
    return text


def parse_log_level(text: str) -> str:
    """One of Python's levels, in any case."""
    return _check_choice(text.upper(), LOG_LEVELS)


def parse_device(text: str) -> str:
    """Where torch computes: auto, cpu, cuda, cuda:N or mps."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", text):
        raise ValueError(f"{text!r} is none of auto, cpu, cuda, cuda:N, mps")
    return text


def parse_seconds(text: str) -> int:
    """A whole number of seconds above zero."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"{text!r} is no whole number of seconds above 0")
    return int(text)


def parse_language(text: str) -> str:
    """A language that recsite speaks, in any case."""
    return _check_choice(text.lower(), LANGUAGES)


def parse_time_zone(text: str) -> str:
    """A time zone that this machine knows."""
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"{text!r} is no known time zone such as Europe/Paris") from None
    return text


def _read_scheme(text: str) -> str:
    """The part before `://`, or nothing."""
    scheme, separator, _ = text.partition("://")
    return scheme.lower() if separator else ""


def _check_url(text: str, schemes: Collection[str]) -> str:
    scheme = _read_scheme(text)
    if scheme in ("valkey", "valkeys"):
        raise ValueError(f"write {scheme.replace('valkey', 'redis')}:// for a Valkey server")
    if scheme not in schemes:
        raise ValueError("does not start with one of " + ", ".join(f"{known}://" for known in schemes))
    try:
        parts = urlsplit(text)
        bad = parts.port == 0 or (scheme in ("redis", "rediss") and not parts.hostname)
        unquote(parts.netloc, errors="strict")
    except ValueError:
        bad = True
    if bad:
        raise ValueError(f"cannot be read as a {scheme}:// address with a host and a port")
    return text


def _check_choice(text: str, choices: Collection[str]) -> str:
    if text not in choices:
        raise ValueError(f"{text!r} is none of {', '.join(choices)}")
    return text
