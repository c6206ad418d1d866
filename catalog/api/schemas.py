"""Shapes of bodies and answers for OpenAPI; the reading itself is done by the row checks, which are stricter."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    inline_serializer,
)
from rest_framework import serializers

from catalog.api.authentication import ApiKeyAuthentication
from catalog.api.batches import MAX_ROWS
from catalog.field_values import MAX_KEY

EXAMPLE_ITEM = {
    "key": "b-17",
    "title": "The Left Hand of Darkness",
    "text": "An envoy alone on a world of winter.",
    "url": "https://shop.example/books/b-17",
    "image_url": "https://shop.example/covers/b-17.jpg",
    "language": "en",
    "categories": ["science fiction", "classics"],
    "attributes": {"author": "Ursula K. Le Guin", "year": 1969},
    "published_at": "2026-01-31T12:00:00Z",
}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells OpenAPI about the two headers."""

    target_class = ApiKeyAuthentication
    name = ["bearer", "header"]

    def get_security_requirement(self, auto_schema: object) -> list[dict[str, list[str]]]:
        """Return the ways as alternatives: one of them is enough."""
        return [{"bearer": []}, {"header": []}]

    def get_security_definition(self, auto_schema: object) -> list[dict[str, str]]:
        """Return both ways of sending a key."""
        return [
            {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer rk_…`"},
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        ]


class ErrorDetail(serializers.Serializer[Any]):
    """What went wrong; ``code`` is for programs."""

    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(allow_null=True)
    index = serializers.IntegerField(allow_null=True, help_text="Row of a batch, from 0.")
    request_id = serializers.CharField(allow_null=True)


class ErrorAnswer(serializers.Serializer[Any]):
    """The one shape of every error."""

    error = ErrorDetail()


class RowProblem(serializers.Serializer[Any]):
    """One reason why a row was refused."""

    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(allow_null=True)


class ItemIn(serializers.Serializer[Any]):
    """An item as a site sends it. It replaces what was there: a field left out gets its default."""

    key = serializers.CharField(max_length=MAX_KEY, help_text="The site's own id: any text without control characters.")
    kind = serializers.CharField(max_length=50, required=False, default="item")
    title = serializers.CharField(max_length=1000, required=False)
    text = serializers.CharField(required=False)
    url = serializers.CharField(required=False, help_text="http(s) address, or a path that starts with /.")
    image_url = serializers.CharField(required=False)
    language = serializers.CharField(required=False)
    categories = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=100)
    attributes = serializers.DictField(child=serializers.JSONField(), required=False)
    published_at = serializers.DateTimeField(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    available = serializers.BooleanField(required=False, default=True)


class ItemOut(serializers.Serializer[Any]):
    """An item as it is stored."""

    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    categories = serializers.ListField(child=serializers.CharField())
    attributes = serializers.DictField(child=serializers.JSONField())
    published_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    available = serializers.BooleanField()
    hidden = serializers.BooleanField(help_text="Set by an editor.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ItemList(serializers.Serializer[Any]):
    """Items in the order in which their keys were given; unknown keys are left out."""

    items = ItemOut(many=True)


class DeletedItems(serializers.Serializer[Any]):
    """How many items there were."""

    deleted = serializers.IntegerField()


def describe_batch(name: str, statuses: Iterable[str], **row_fields: serializers.Field[Any, Any, Any, Any]) -> Any:
    """Return the shape of a batch's answer: counts by status, and a row for each row sent."""
    row = inline_serializer(
        f"{name}Row",
        {
            "index": serializers.IntegerField(),
            "status": serializers.ChoiceField(choices=list(statuses)),
            **row_fields,
            "errors": RowProblem(many=True, required=False),
        },
        many=True,
    )
    counts = {status: serializers.IntegerField() for status in statuses}
    return inline_serializer(f"{name}Report", {**counts, "rows": row, "error": ErrorDetail(required=False)})


def describe_rows(name: str, row: type[serializers.Serializer[Any]]) -> Any:
    """Return the shape of a batch's body: one row, or a list of them."""
    rows = row(many=True, max_length=MAX_ROWS)  # type: ignore[call-arg]
    return PolymorphicProxySerializer(name, [row, rows], resource_type_field_name=None, many=False)


def describe_errors(*statuses: int) -> dict[int, OpenApiResponse]:
    """Return the error answers of an operation: those of every operation, and ``statuses``."""
    return {status: OpenApiResponse(ErrorAnswer, _ERRORS[status]) for status in sorted({400, 401, 403, *statuses})}


def describe_parameter(name: str, kind: Any = OpenApiTypes.STR, text: str = "", **options: Any) -> OpenApiParameter:
    """Return a query parameter."""
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=text, **options)


def show_request(name: str, value: Any) -> OpenApiExample:
    """Return an example of a body."""
    return OpenApiExample(name, value, request_only=True)


def show_answer(name: str, value: Any, *, status: int = 200) -> OpenApiExample:
    """Return an example of an answer."""
    return OpenApiExample(name, value, response_only=True, status_codes=[str(status)])


_ERRORS = {
    400: "The request is malformed, or a field of it is wrong: `field` names it.",
    401: "No API key was sent, or it is wrong, expired or revoked.",
    403: "The key's scope does not reach, or its origins are others.",
    404: "There is no such thing in this catalog: `code` says what.",
    409: "It contradicts what is stored.",
    411: "The body came without its length.",
    413: "The body has too many bytes or rows.",
    415: "The body is not application/json.",
    422: "Every row was refused.",
}
