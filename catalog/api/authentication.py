"""Who calls: the API key of a request, and with it the one catalog that the request may touch."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from catalog.api.errors import ApiError
from catalog.models import ApiKey
from catalog.services.api_keys import find_api_key, note_use


class ApiKeyAuthentication(BaseAuthentication):
    """Reads ``Authorization: Bearer rk_…`` or ``X-API-Key: rk_…``; ``request.auth`` is the ApiKey."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        """Return the key, None where none was sent; raise for one that opens nothing or not from that origin."""
        secret = _read_secret(request)
        if secret is None:
            return None
        key = find_api_key(secret)
        if key is None:
            raise AuthenticationFailed("This API key is wrong, expired or revoked.")
        check_origin(key, request.headers.get("Origin"))
        note_use(key)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return 'Bearer realm="recsite"'


def check_origin(key: ApiKey, origin: str | None) -> None:
    """Raise ApiError when the key is locked to origins and ``origin`` is none of them."""
    if key.allowed_origins and (origin or "").lower() not in key.allowed_origins:
        raise ApiError("origin_not_allowed", "This API key may not be used from this origin.", status=403)


def get_key(request: Request) -> ApiKey:
    """Return the key of an authenticated request."""
    if not isinstance(request.auth, ApiKey):
        raise TypeError("the view was reached without an API key")
    return request.auth


def get_catalog_id(request: Request) -> int:
    """Return the one catalog that the request may touch: the key's, whatever the request says."""
    return get_key(request).catalog_id


def _read_secret(request: Request) -> str | None:
    scheme, _, credentials = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return request.headers.get("X-API-Key")
