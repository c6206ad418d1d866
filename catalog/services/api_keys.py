"""API keys: made with a secret that is shown once, found again by it, its use noted."""

import re
import secrets
import string
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.models import ApiKey

SCOPE_LETTERS = {ApiKey.Scope.PUBLISHABLE: "pub", ApiKey.Scope.INGEST: "ing", ApiKey.Scope.ADMIN: "adm"}
USE_NOTED_EVERY = timedelta(minutes=1)

_PREFIX_LENGTH = 12
_RANDOM_LENGTH = 40
"""Characters of an alphabet of 62: 238 bits, so a fast hash is enough."""
_ALPHABET = string.ascii_letters + string.digits
_SECRET = re.compile(
    f"rk_(?:{'|'.join(SCOPE_LETTERS.values())})_([a-z0-9]{{{_PREFIX_LENGTH}}})_[A-Za-z0-9]{{{_RANDOM_LENGTH}}}"
)
_NO_HASH = "0" * 64
_ORIGIN = re.compile(r"https?://[^\s/?#@\\,]+", re.ASCII)


def create_api_key(
    catalog_id: int,
    *,
    name: str,
    scope: ApiKey.Scope | str,
    allowed_origins: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, ``rk_<scope>_<prefix>_<random>``, which is kept nowhere.

    Raise ValueError for an unknown scope, a name that is blank or too long, an origin that is not
    ``https://host[:port]``, or an expiry that has passed.
    """
    chosen = ApiKey.Scope(scope)
    if not name.strip() or len(name) > 100:
        raise ValueError("name: from 1 to 100 characters")
    if expires_at is not None and expires_at <= timezone.now():
        raise ValueError("expires_at: lies in the past")
    origins = [_read_origin(origin) for origin in allowed_origins]
    prefix = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(_PREFIX_LENGTH))
    random = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    secret = f"rk_{SCOPE_LETTERS[chosen]}_{prefix}_{random}"
    key = ApiKey.objects.create(
        catalog_id=catalog_id,
        name=name.strip(),
        scope=chosen,
        prefix=prefix,
        secret_hash=hash_secret(secret),
        allowed_origins=origins,
        expires_at=expires_at,
    )
    return key, secret


def find_api_key(secret: str) -> ApiKey | None:
    """Return the key that ``secret`` opens, None for a wrong, expired or revoked one; one statement."""
    parsed = _SECRET.fullmatch(secret)
    if parsed is None:
        return None
    key = ApiKey.objects.filter(prefix=parsed.group(1)).first()
    right = compare_digest(hash_secret(secret), _NO_HASH if key is None else key.secret_hash)
    return key if key is not None and right and is_usable(key, now=timezone.now()) else None


def is_usable(key: ApiKey, *, now: datetime) -> bool:
    """Whether the key is neither revoked nor expired at ``now``."""
    return not any(end is not None and end <= now for end in (key.revoked_at, key.expires_at))


def note_use(key: ApiKey) -> None:
    """Write down that the key is in use, at most once a minute; a row that another process writes is left to it."""
    now = timezone.now()
    due = now - USE_NOTED_EVERY
    if key.last_used_at is not None and key.last_used_at > due:
        return
    unnoted = ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=due), pk=key.pk)
    with transaction.atomic():
        ApiKey.objects.filter(pk__in=unnoted.select_for_update(skip_locked=True).values("pk")).update(last_used_at=now)


def hash_secret(secret: str) -> str:
    """Return what is stored of a secret: the SHA-256 of the whole, in hex."""
    return sha256(secret.encode()).hexdigest()


def _read_origin(text: str) -> str:
    origin = text.strip().rstrip("/").lower()
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(f"allowed_origins: {text!r} is not an origin such as https://shop.example")
    return origin
