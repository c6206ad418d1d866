"""Recommendations over the API: for a person at a placement, and for an item."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.authentication import get_catalog_id
from catalog.api.errors import ApiError
from catalog.api.fields import (
    FieldReader,
    read_fields,
    read_json_number,
    read_json_text,
    read_key_list,
    read_object,
    read_whole_number,
    read_whole_text,
)
from catalog.api.items import check_path_key
from catalog.api.permissions import Scope
from catalog.api.schemas import describe_errors, describe_parameter, show_answer, show_request
from catalog.api.views import ApiView
from catalog.field_values import MAX_KEY, read_json_object, read_key, read_number, read_slug
from profiles.models.group import MAX_MEMBERS
from recommender.api.answers import EXAMPLE_SLATE, SlateOut
from recommender.api.group_slates import GROUP_BODY, GROUP_QUERY, answer_group, is_for_group
from recommender.models.placement import MAX_SLATE
from recommender.ranking.group_scores import HOW
from recommender.records import Slate
from recommender.selectors import QueryError
from recommender.services.group_slates import SEEN
from recommender.services.recommendations import MAX_EXCLUDED, recommend, similar_items
from recommender.slate_json import show_slate

DEFAULT_PLACEMENT = "home"

_QUERY = {
    "placement": FieldReader(read_slug),
    "user_id": FieldReader(read_key),
    "item": FieldReader(read_key),
    "n": FieldReader(read_whole_text),
    "exclude": FieldReader(read_key_list, many=True),
    "filters": FieldReader(read_json_text),
    "diversity": FieldReader(read_number),
    **GROUP_QUERY,
}
_BODY = {
    **_QUERY,
    **GROUP_BODY,
    "n": FieldReader(read_whole_number),
    "exclude": FieldReader(read_key_list),
    "filters": FieldReader(read_json_object),
    "diversity": FieldReader(read_json_number),
}
_SIMILAR = {name: _QUERY[name] for name in ("n", "filters")}

_N = describe_parameter("n", int, f"How many: 1 to {MAX_SLATE}. The placement's size, if left out.")
_FILTERS = describe_parameter(
    "filters",
    OpenApiTypes.STR,
    'JSON object of Django lookups on item columns and attributes: `{"attributes__year__gte": 2000}`.',
)


class RecommendationIn(serializers.Serializer[Any]):
    """What is known when a recommendation is asked for."""

    placement = serializers.CharField(required=False, default=DEFAULT_PLACEMENT, max_length=50)
    user_id = serializers.CharField(required=False, max_length=MAX_KEY, help_text="May be unknown, or left out.")
    item = serializers.CharField(required=False, max_length=MAX_KEY, help_text="The item of the page.")
    n = serializers.IntegerField(required=False, min_value=1, max_value=MAX_SLATE)
    exclude = serializers.ListField(child=serializers.CharField(), required=False, max_length=MAX_EXCLUDED)
    filters = serializers.DictField(child=serializers.JSONField(), required=False)
    diversity = serializers.FloatField(required=False, min_value=0.0, max_value=1.0)
    group = serializers.CharField(required=False, max_length=MAX_KEY, help_text="A stored group, in place of user_id.")
    user_ids = serializers.ListField(
        child=serializers.CharField(), required=False, max_length=MAX_MEMBERS, help_text="A group for this once."
    )
    how = serializers.ChoiceField(
        choices=list(HOW),
        required=False,
        help_text="How the members' scores of a group become one: average, if left out.",
    )
    seen = serializers.ChoiceField(
        choices=list(SEEN), required=False, help_text="Leave out what any member of a group has seen, or what all have."
    )


class RecommendationsView(ApiView):
    """Slates of a placement."""

    required_scope = Scope.PUBLISHABLE
    parameters = {"GET": _QUERY}

    @extend_schema(
        operation_id="get_recommendations",
        summary="Recommend for a person",
        description="A person that is unknown gets what suits somebody without a history. With `group` or `user_ids` "
        "in place of `user_id` the slate is for several people: each entry then says what it is to each `members`.",
        parameters=[
            describe_parameter("placement", text=f"`{DEFAULT_PLACEMENT}`, if left out."),
            describe_parameter("user_id"),
            describe_parameter("group", text="Key of a stored group, in place of `user_id`."),
            describe_parameter("user_ids", text="A group for this once; repeated for each of its people.", many=True),
            describe_parameter("how", text="How the scores of a group's members become one.", enum=list(HOW)),
            describe_parameter(
                "seen", text="Leave out what any member of a group has seen, or what all have.", enum=list(SEEN)
            ),
            describe_parameter("item", text="The item of the page."),
            _N,
            describe_parameter("exclude", text="Key of an item to leave out; may be repeated.", many=True),
            _FILTERS,
            describe_parameter("diversity", float, "0: relevance alone; 1: entries as unlike each other as possible."),
        ],
        responses={**describe_errors(404), 200: SlateOut},
        examples=[show_answer("A slate", EXAMPLE_SLATE)],
    )
    def get(self, request: Request) -> Response:
        """Recommend, asked by query parameters."""
        return _answer(request, self.read_parameters(request))

    @extend_schema(
        operation_id="post_recommendations",
        summary="Recommend for a person (JSON)",
        description="The same as GET, for long filters and lists.",
        request=RecommendationIn,
        responses={**describe_errors(404, 411, 413, 415), 200: SlateOut},
        examples=[
            show_request(
                "New science fiction",
                {
                    "user_id": "u-42",
                    "placement": "home",
                    "n": 1,
                    "filters": {"categories__contains": ["science fiction"], "attributes__year__gte": 1960},
                },
            ),
            show_answer("A slate", EXAMPLE_SLATE),
        ],
    )
    def post(self, request: Request) -> Response:
        """Recommend, asked by a JSON body."""
        self.read_parameters(request)
        return _answer(request, read_fields(read_object(self.read_body(request)), _BODY))


class SimilarItemsView(ApiView):
    """What is like an item."""

    required_scope = Scope.PUBLISHABLE
    parameters = {"GET": _SIMILAR}

    @extend_schema(
        operation_id="get_similar_items",
        summary="Find what is like an item",
        parameters=[OpenApiParameter("key", str, OpenApiParameter.PATH), _N, _FILTERS],
        responses={**describe_errors(404), 200: SlateOut},
        examples=[show_answer("A slate", {**EXAMPLE_SLATE, "placement": None})],
    )
    def get(self, request: Request, key: str) -> Response:
        """Find items."""
        options = self.read_parameters(request)
        item = check_path_key(key)
        try:
            slate = similar_items(get_catalog_id(request), item=item, **options)
        except QueryError as error:
            raise _refuse(error) from None
        return Response(show_slate(slate))


def _answer(request: Request, options: dict[str, Any]) -> Response:
    placement = options.pop("placement", DEFAULT_PLACEMENT)
    try:
        if is_for_group(options):
            return Response(answer_group(request, placement=placement, options=options))
        slate: Slate = recommend(get_catalog_id(request), placement=placement, **options)
    except QueryError as error:
        raise _refuse(error) from None
    return Response(show_slate(slate))


def _refuse(error: QueryError) -> ApiError:
    status = 404 if error.code.endswith("_not_found") else 400
    return ApiError(error.code, error.reason, status=status, field=error.field)
