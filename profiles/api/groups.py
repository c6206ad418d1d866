"""Groups of people over the API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.authentication import get_catalog_id
from catalog.api.errors import ApiError
from catalog.api.fields import FieldReader, read_fields, read_key_list, read_object
from catalog.api.items import check_path_key
from catalog.api.permissions import Scope
from catalog.api.schemas import describe_errors, show_answer, show_request
from catalog.api.views import ApiView
from catalog.field_values import MAX_KEY, read_text
from profiles.models import ProfileGroup
from profiles.models.group import MAX_MEMBERS
from profiles.selectors import find_group, list_members
from profiles.services.groups import GroupError, delete_group, write_group

_EXAMPLE = {"key": "family-7", "name": "The Millers", "members": ["u-42", "u-43"]}
_PATH_KEY = OpenApiParameter("key", str, OpenApiParameter.PATH)


def _read_name(value: Any) -> str:
    return read_text(value, longest=200)


class GroupIn(serializers.Serializer[Any]):
    """A group as a site sends it; it replaces what was there."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    members = serializers.ListField(
        child=serializers.CharField(max_length=MAX_KEY), max_length=MAX_MEMBERS, help_text="Their user ids."
    )


class GroupOut(serializers.Serializer[Any]):
    """A group as it is stored."""

    key = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    members = serializers.ListField(child=serializers.CharField())


class GroupView(ApiView):
    """One group."""

    required_scope = Scope.INGEST

    @extend_schema(
        operation_id="get_group",
        summary="Read a group of people",
        parameters=[_PATH_KEY],
        responses={**describe_errors(404), 200: GroupOut},
        examples=[show_answer("A group", _EXAMPLE)],
    )
    def get(self, request: Request, key: str) -> Response:
        """Read the group."""
        self.read_parameters(request)
        group = find_group(get_catalog_id(request), check_path_key(key))
        if group is None:
            raise _refuse_unknown(key)
        return Response(_show(group))

    @extend_schema(
        operation_id="put_group",
        summary="Create or replace a group of people",
        description="People are created as needed; an alias stands for the person that it was merged into.",
        parameters=[_PATH_KEY],
        request=GroupIn,
        responses={**describe_errors(411, 413, 415), 200: GroupOut, 201: GroupOut},
        examples=[
            show_request("A group", {"name": "The Millers", "members": ["u-42", "u-43"]}),
            show_answer("Replaced", _EXAMPLE),
            show_answer("Created", _EXAMPLE, status=201),
        ],
    )
    def put(self, request: Request, key: str) -> Response:
        """Write the group."""
        self.read_parameters(request)
        readers = {"name": FieldReader(_read_name), "members": FieldReader(read_key_list)}
        body = read_fields(read_object(self.read_body(request)), readers, required=("members",))
        try:
            group, created = write_group(get_catalog_id(request), key=check_path_key(key), **body)
        except GroupError as error:
            raise ApiError(error.code, error.reason, field=error.field) from None
        return Response(_show(group), status=201 if created else 200)

    @extend_schema(
        operation_id="delete_group",
        summary="Delete a group, but none of its people",
        parameters=[_PATH_KEY],
        responses={**describe_errors(404), 204: None},
    )
    def delete(self, request: Request, key: str) -> Response:
        """Delete the group."""
        self.read_parameters(request)
        if not delete_group(get_catalog_id(request), check_path_key(key)):
            raise _refuse_unknown(key)
        return Response(status=204)


def _show(group: ProfileGroup) -> dict[str, Any]:
    return {"key": group.key, "name": group.name, "members": [key for _, key in list_members(group)]}


def _refuse_unknown(key: str) -> ApiError:
    return ApiError("group_not_found", f"There is no group {key!r}.", status=404, field="key")
