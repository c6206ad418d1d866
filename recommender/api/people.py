"""People like somebody, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.authentication import get_catalog_id, get_key
from catalog.api.errors import ApiError
from catalog.api.fields import FieldReader, read_whole_text
from catalog.api.permissions import Scope, reaches
from catalog.api.schemas import describe_errors, describe_parameter, show_answer
from catalog.api.views import ApiView
from catalog.field_values import read_key
from recommender.conf import get_people_conf
from recommender.selectors import QueryError
from recommender.services.people import MAX_PEOPLE, PersonLike, find_people


class PersonOut(serializers.Serializer[Any]):
    """Somebody like the person asked for."""

    user_id = serializers.CharField()
    score = serializers.FloatField(help_text="From 0 to 1: by shared taste and shared friends.")
    shared_items = serializers.ListField(
        child=serializers.CharField(), help_text="Keys of up to three items that both like, the rarest first."
    )
    common_friends = serializers.IntegerField()
    reason = serializers.CharField(help_text="Why, in the language of the request.")


class PeopleOut(serializers.Serializer[Any]):
    """People, the most alike first."""

    people = PersonOut(many=True)


class PeopleView(ApiView):
    """Who is like somebody."""

    required_scope = Scope.PUBLISHABLE
    parameters = {"GET": {"user_id": FieldReader(read_key), "limit": FieldReader(read_whole_text)}}

    @extend_schema(
        operation_id="get_people",
        summary="Find people like somebody",
        description="By the rare items that both like (or vectors of people, where the site says so), and by friends "
        "of friends. Friends are left out. Publishable keys are refused unless the site's setting "
        "`RECSITE_PEOPLE` lets them: the answer tells what people like.",
        parameters=[
            describe_parameter("user_id", required=True),
            describe_parameter("limit", int, f"How many: 1 to {MAX_PEOPLE}; 20, if left out."),
        ],
        responses={**describe_errors(), 200: PeopleOut},
        examples=[
            show_answer(
                "One person",
                {
                    "people": [
                        {
                            "user_id": "u-7",
                            "score": 0.83,
                            "shared_items": ["b-17", "b-9"],
                            "common_friends": 2,
                            "reason": "shares: The Left Hand of Darkness, The Dispossessed; 2 friends in common",
                        }
                    ]
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Find people."""
        if not reaches(get_key(request).scope, Scope.INGEST) and not get_people_conf().publishable:
            message = "Publishable keys may not ask this here; the setting RECSITE_PEOPLE decides."
            raise ApiError("scope_required", message, status=403)
        asked = self.read_parameters(request)
        if "user_id" not in asked:
            raise ApiError("required", "required", field="user_id")
        try:
            people = find_people(get_catalog_id(request), **asked)
        except QueryError as error:
            raise ApiError(error.code, error.reason, field=error.field) from None
        return Response({"people": [_show(person) for person in people]})


def _show(person: PersonLike) -> dict[str, Any]:
    return {
        "user_id": person.user_id,
        "score": person.score,
        "shared_items": [item.key for item in person.shared_items],
        "common_friends": person.common_friends,
        "reason": person.reason,
    }
