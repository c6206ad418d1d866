"""What every view of the API shares, and the answer where there is none."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.errors import ApiError
from catalog.api.fields import Readers, read_fields
from catalog.api.renderers import JsonNegotiation
from catalog.models import ApiKey


class ApiView(APIView):
    """A view that asks for a scope and refuses query parameters that it does not know."""

    required_scope: ClassVar[ApiKey.Scope]
    parameters: ClassVar[Mapping[str, Readers]] = {}
    """Query parameters by method; a method that is not named takes none."""

    content_negotiation_class = JsonNegotiation
    metadata_class = None

    def read_parameters(self, request: Request) -> dict[str, Any]:
        """Return the query parameters of the request, checked."""
        readers = self.parameters.get("GET" if request.method == "HEAD" else str(request.method), {})
        given = {
            name: values if name in readers and readers[name].many else values[-1]
            for name, values in request.query_params.lists()
            if values
        }
        return read_fields(given, readers)

    def read_body(self, request: Request) -> Any:
        """Return the JSON body; raise ApiError where there is none."""
        if request.META.get("CONTENT_LENGTH", "") in ("", "0"):
            if request.META.get("HTTP_TRANSFER_ENCODING"):
                raise ApiError("length_required", "Send the body with a Content-Length.", status=411)
            raise ApiError("malformed_json", "The body is empty; JSON is expected.")
        return request.data

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Keep answers out of shared caches: they depend on the key."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", "private, no-store")
        return final


class NothingHereView(ApiView):
    """Answers 404 in the API's own shape for paths that lead nowhere."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse before the method is looked at."""
        raise ApiError("not_found", "There is no such path in this API.", status=404)
