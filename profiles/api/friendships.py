"""Friendships over the API: written in batches, each row with its status; read and deleted by person."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.authentication import get_catalog_id
from catalog.api.batches import Outcome, answer_batch, read_rows, reject_row
from catalog.api.errors import ApiError, get_request_id
from catalog.api.fields import FieldReader, read_key_list
from catalog.api.permissions import Scope
from catalog.api.schemas import (
    describe_batch,
    describe_errors,
    describe_parameter,
    describe_rows,
    show_answer,
    show_request,
)
from catalog.api.views import ApiView
from catalog.field_values import MAX_KEY, FieldProblem, read_key
from catalog.records import RowError
from profiles.friendship_rows import check_friendship_row
from profiles.records import FriendshipRecord
from profiles.selectors import find_profile, list_friends
from profiles.services.friendships import add_friendships, remove_friendships

STATUSES = ("created", "unchanged", "rejected")
MAX_FRIENDS = 500

_REPORT = describe_batch("Friendships", STATUSES)

Row = FriendshipRecord | tuple[RowError, ...]


def _read_friends(values: list[str]) -> tuple[str, ...]:
    if len(values) > MAX_FRIENDS:
        raise FieldProblem(f"at most {MAX_FRIENDS} friends a request", "too_long")
    return read_key_list(values)


class FriendshipIn(serializers.Serializer[Any]):
    """Two people who know each other, in either order."""

    user_id = serializers.CharField(max_length=MAX_KEY)
    friend_id = serializers.CharField(max_length=MAX_KEY)


class FriendsOut(serializers.Serializer[Any]):
    """A person's friends, the latest first."""

    user_id = serializers.CharField()
    friends = serializers.ListField(child=serializers.CharField())


class DeletedFriendships(serializers.Serializer[Any]):
    """How many friendships there were."""

    deleted = serializers.IntegerField()


class FriendshipsView(ApiView):
    """Who knows whom."""

    required_scope = Scope.INGEST
    parameters = {
        "GET": {"user_id": FieldReader(read_key)},
        "DELETE": {"user_id": FieldReader(read_key), "friend_id": FieldReader(_read_friends, many=True)},
    }

    @extend_schema(
        operation_id="add_friendships",
        summary="Make friends",
        description=(
            "Takes one friendship, or a list of up to 10,000. They are mutual: either order says the same. Good rows "
            "land whatever the others are; each row gets a status: `created`, `unchanged` (they are friends already) "
            "or `rejected`, then with `errors`. 422 when every row was rejected. People are created as needed."
        ),
        request=describe_rows("FriendshipOrFriendships", FriendshipIn),
        responses={**describe_errors(411, 413, 415), 200: _REPORT, 422: _REPORT},
        examples=[
            show_request("A friendship", {"user_id": "u-42", "friend_id": "u-7"}),
            show_answer(
                "Written",
                {"created": 1, "unchanged": 0, "rejected": 0, "rows": [{"index": 0, "status": "created"}]},
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Write a batch."""
        self.read_parameters(request)
        rows: list[Row] = [
            (row,) if isinstance(row, RowError) else check_friendship_row(row)
            for row in read_rows(self.read_body(request))
        ]
        outcomes = _write_rows(get_catalog_id(request), rows)
        return answer_batch(outcomes, statuses=STATUSES, request_id=get_request_id(request))

    @extend_schema(
        operation_id="list_friends",
        summary="Read a person's friends",
        parameters=[describe_parameter("user_id", required=True)],
        responses={**describe_errors(404), 200: FriendsOut},
        examples=[show_answer("Two friends", {"user_id": "u-42", "friends": ["u-9", "u-7"]})],
    )
    def get(self, request: Request) -> Response:
        """Read the friends."""
        user_id = _require(self.read_parameters(request), "user_id")
        profile = find_profile(get_catalog_id(request), user_id)
        if profile is None:
            raise ApiError("profile_not_found", f"There is no user {user_id!r}.", status=404, field="user_id")
        return Response({"user_id": profile.key, "friends": list_friends(profile.pk)})

    @extend_schema(
        operation_id="remove_friendships",
        summary="End friendships",
        parameters=[
            describe_parameter("user_id", required=True),
            describe_parameter("friend_id", text="May be repeated.", many=True, required=True),
        ],
        responses={**describe_errors(), 200: DeletedFriendships},
    )
    def delete(self, request: Request) -> Response:
        """End some friendships of a person; who is unknown, or no friend, counts for nothing."""
        asked = self.read_parameters(request)
        user_id, friend_ids = _require(asked, "user_id"), _require(asked, "friend_id")
        deleted = remove_friendships(get_catalog_id(request), user_id=user_id, friend_ids=friend_ids)
        return Response({"deleted": deleted})


def _require(asked: dict[str, Any], name: str) -> Any:
    if name not in asked:
        raise ApiError("required", "required", field=name)
    return asked[name]


def _write_rows(catalog_id: int, rows: Sequence[Row]) -> list[Outcome]:
    places = [index for index, row in enumerate(rows) if isinstance(row, FriendshipRecord)]
    report = add_friendships(catalog_id, [row for row in rows if isinstance(row, FriendshipRecord)])
    created = {places[place] for place in report.created_places}
    refused = {places[error.line]: error for error in report.errors}
    outcomes: list[Outcome] = []
    for index, row in enumerate(rows):
        if not isinstance(row, FriendshipRecord):
            outcomes.append(reject_row(index, row))
        elif index in refused:
            outcomes.append(reject_row(index, [refused[index]]))
        else:
            outcomes.append({"index": index, "status": "created" if index in created else "unchanged"})
    return outcomes
