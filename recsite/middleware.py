"""Gives every request an id, which its answer carries, and tells a page that the database is away."""

import logging
import re
from collections.abc import Callable
from uuid import uuid4

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

HEADER = "X-Request-ID"
RETRY_SECONDS = 2

logger = logging.getLogger(__name__)

_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


class RequestIdMiddleware:
    """Takes the id that a proxy sent, if it is safe to write into a log, or makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Set ``request.request_id`` and the header of the answer."""
        sent = request.headers.get(HEADER, "")
        request_id = sent if _SAFE.fullmatch(sent) else uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers[HEADER] = request_id
        return response


class DatabaseAwayMiddleware:
    """Answers 503 where a page needs a database that does not answer: it is a wait, not a fault of the page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer for an error of the connection; every other error stays what it is."""
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        logger.error("%s: the database is out of reach: %s", request.path, str(exception).partition("\n")[0])
        answer = HttpResponse("The database is out of reach; try again soon.", status=503, content_type="text/plain")
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
        return answer
