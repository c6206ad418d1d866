"""Errors of the API: one JSON shape for whatever goes wrong."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

logger = logging.getLogger(__name__)

_CODES: Mapping[type[Exception], tuple[int, str]] = {
    exceptions.NotAuthenticated: (401, "key_required"),
    exceptions.AuthenticationFailed: (401, "invalid_key"),
    exceptions.PermissionDenied: (403, "forbidden"),
    exceptions.MethodNotAllowed: (405, "method_not_allowed"),
    exceptions.UnsupportedMediaType: (415, "unsupported_media_type"),
    exceptions.ParseError: (400, "malformed_json"),
    Http404: (404, "not_found"),
    PermissionDenied: (403, "forbidden"),
    UnreadablePostError: (400, "unreadable_body"),
    RequestDataTooBig: (413, "too_large"),
    SuspiciousOperation: (400, "invalid"),
}


class ApiError(Exception):
    """What the caller did cannot be done: answered as JSON with ``status``."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        field: str | None = None,
        index: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.field = field
        self.index = index
        self.headers = headers or {}


def answer_error(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer for an exception that a view raised; one that nobody foresaw is logged, and answers 500."""
    request_id = get_request_id(context.get("request"))
    if isinstance(error, ApiError):
        shape = show_error(error.code, error.message, field=error.field, index=error.index, request_id=request_id)
        return Response(shape, status=error.status, headers=dict(error.headers))
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("Request %s: the database is out of reach", request_id, exc_info=error)
        shape = show_error("unavailable", "The database is out of reach; try again soon.", request_id=request_id)
        return Response(shape, status=503, headers={"Retry-After": "2"})
    status, code, message = _read_exception(error)
    if status >= 500:
        logger.error("Request %s failed", request_id, exc_info=error)
        request = context.get("request")
        got_request_exception.send(sender=None, request=getattr(request, "_request", request))
    headers = {}
    challenge = getattr(error, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    return Response(show_error(code, message, request_id=request_id), status=status, headers=headers)


def show_error(
    code: str, message: str, *, field: str | None = None, index: int | None = None, request_id: str = ""
) -> dict[str, Any]:
    """Return the one shape of an error."""
    return {
        "error": {"code": code, "message": message, "field": field, "index": index, "request_id": request_id or None}
    }


def get_request_id(request: Any) -> str:
    """Return the id that the middleware gave the request, empty without the middleware."""
    return str(getattr(request, "request_id", ""))


def _read_exception(error: Exception) -> tuple[int, str, str]:
    known = next((answer for kind, answer in _CODES.items() if isinstance(error, kind)), None)
    if isinstance(error, exceptions.APIException) and error.status_code < 500:
        status, code = known or (error.status_code, str(error.default_code))
        return status, code, str(error.detail)
    if known is None:
        return 500, "internal_error", "Something went wrong here; the request's id finds it in the log."
    status, code = known
    return status, code, _MESSAGES.get(status, "The request was refused.")


_MESSAGES = {404: "There is nothing here.", 413: "The body is too large."}
