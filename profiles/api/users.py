"""People over the API: what interests them, and an anonymous id made one with a known one."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.authentication import get_catalog_id
from catalog.api.errors import ApiError
from catalog.api.fields import FieldReader, read_fields, read_object
from catalog.api.items import check_path_key
from catalog.api.permissions import Scope
from catalog.api.schemas import describe_errors, show_answer, show_request
from catalog.api.views import ApiView
from catalog.field_values import MAX_KEY, read_key
from profiles.identity import MergeError, merge_profiles
from profiles.models import Interest
from profiles.selectors import find_profile

_STATUS = {"profile_not_found": 404, "already_merged": 409}


class InterestOut(serializers.Serializer[Any]):
    """One interest: part of a history, summed up."""

    keywords = serializers.ListField(child=serializers.CharField())
    weight = serializers.FloatField(help_text="Share of the whole, from 0 to 1.")
    space = serializers.CharField(help_text="Role of the embedding space that it lies in.")


class InterestsOut(serializers.Serializer[Any]):
    """A person's interests, strongest first; none yet while the history is short or not summed up."""

    user_id = serializers.CharField()
    interests = InterestOut(many=True)
    refreshed_at = serializers.DateTimeField(allow_null=True)


class MergeIn(serializers.Serializer[Any]):
    """Which id goes into which."""

    source = serializers.CharField(  # type: ignore[assignment]
        max_length=MAX_KEY, help_text="The anonymous id; it stays as an alias."
    )
    into = serializers.CharField(max_length=MAX_KEY, help_text="The id that is kept.")


class MergeOut(serializers.Serializer[Any]):
    """The profile after the merge."""

    user_id = serializers.CharField()


class InterestsView(ApiView):
    """What a person is interested in."""

    required_scope = Scope.ADMIN

    @extend_schema(
        operation_id="get_interests",
        summary="Read what interests a person",
        parameters=[OpenApiParameter("user_id", str, OpenApiParameter.PATH)],
        responses={**describe_errors(404), 200: InterestsOut},
        examples=[
            show_answer(
                "Two interests",
                {
                    "user_id": "u-42",
                    "interests": [
                        {"keywords": ["dragon", "magic"], "weight": 0.7, "space": "text"},
                        {"keywords": ["cooking"], "weight": 0.3, "space": "text"},
                    ],
                    "refreshed_at": "2026-01-31T12:00:00Z",
                },
            )
        ],
    )
    def get(self, request: Request, user_id: str) -> Response:
        """Read the interests."""
        self.read_parameters(request)
        key = check_path_key(user_id, field="user_id")
        profile = find_profile(get_catalog_id(request), key)
        if profile is None:
            raise ApiError("profile_not_found", f"There is no user {user_id!r}.", status=404, field="user_id")
        interests = Interest.objects.filter(profile=profile, space__state="active").order_by("-weight", "rank")
        shown = [
            {"keywords": keywords, "weight": weight, "space": space}
            for keywords, weight, space in interests.values_list("keywords", "weight", "space__role")
        ]
        return Response({"user_id": profile.key, "interests": shown, "refreshed_at": profile.interests_refreshed_at})


class MergeView(ApiView):
    """Makes an anonymous id one with a known one."""

    required_scope = Scope.ADMIN

    @extend_schema(
        operation_id="merge_users",
        summary="Merge an anonymous id into a known one",
        description="History and interests move. What still arrives under `source` belongs to `into`.",
        request=MergeIn,
        responses={**describe_errors(404, 409, 411, 413, 415), 200: MergeOut},
        examples=[
            show_request("After a login", {"source": "cookie-8f2a", "into": "u-42"}),
            show_answer("Merged", {"user_id": "u-42"}),
        ],
    )
    def post(self, request: Request) -> Response:
        """Merge the two."""
        self.read_parameters(request)
        reader = FieldReader(read_key)
        body = read_fields(
            read_object(self.read_body(request)), {"source": reader, "into": reader}, required=("source", "into")
        )
        try:
            profile = merge_profiles(get_catalog_id(request), **body)
        except MergeError as error:
            raise ApiError(error.code, error.reason, status=_STATUS.get(error.code, 400), field=error.field) from None
        return Response({"user_id": profile.key})
