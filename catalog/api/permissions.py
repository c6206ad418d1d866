"""What a key may do: its scope against the one that a view asks for."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from catalog.api.errors import ApiError
from catalog.models import ApiKey

if TYPE_CHECKING:  # the framework loads this module while it loads its views
    from rest_framework.views import APIView

Scope = ApiKey.Scope

_RANK = {Scope.PUBLISHABLE: 1, Scope.INGEST: 2, Scope.ADMIN: 3}
"""Each scope may do what those below it may."""


class HasScope(BasePermission):
    """Lets a key in whose scope reaches the view's ``required_scope``; a view without one lets nobody in."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return whether there is a key and its scope suffices; raise ApiError saying which one would."""
        required = getattr(view, "required_scope", None)
        if not isinstance(request.auth, ApiKey) or required is None:
            return False
        if not reaches(request.auth.scope, required):
            message = f"This needs a key of scope {required.value}; this key's is {request.auth.scope}."
            raise ApiError("scope_required", message, status=403)
        return True


def reaches(scope: str, required: ApiKey.Scope) -> bool:
    """Whether a key of ``scope`` may do what ``required`` may."""
    return _RANK.get(scope, 0) >= _RANK[required]  # type: ignore[call-overload, no-any-return]
