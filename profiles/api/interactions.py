"""Interactions over the API: one or a batch, each row with its status."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.authentication import get_catalog_id, get_key
from catalog.api.batches import Outcome, answer_batch, read_rows, reject_row
from catalog.api.errors import ApiError, get_request_id
from catalog.api.fields import FieldReader, read_choice
from catalog.api.permissions import Scope, reaches
from catalog.api.schemas import (
    describe_batch,
    describe_errors,
    describe_parameter,
    describe_rows,
    show_answer,
    show_request,
)
from catalog.api.views import ApiView
from catalog.field_values import MAX_KEY
from catalog.records import RowError
from profiles.conf import get_conf
from profiles.interaction_rows import MAX_INTERACTION_ID, check_interaction_row
from profiles.records import InteractionRecord
from profiles.services.interactions import record_interactions

STATUSES = ("created", "duplicate", "rejected")

_REPORT = describe_batch("Interactions", STATUSES)

Row = InteractionRecord | tuple[RowError, ...]


class InteractionIn(serializers.Serializer[Any]):
    """What somebody did, with what, when."""

    interaction_id = serializers.CharField(
        max_length=MAX_INTERACTION_ID, required=False, help_text="Sending the same id again changes nothing."
    )
    user_id = serializers.CharField(max_length=MAX_KEY)
    item = serializers.CharField(max_length=MAX_KEY, required=False, help_text="Required for every kind but search.")
    kind = serializers.CharField(max_length=50, help_text="view, click, like, purchase, rating, search, …")
    value = serializers.FloatField(required=False, help_text="Required for kind rating.")
    occurred_at = serializers.DateTimeField(required=False, help_text="Now, if left out. Not in the future.")
    query = serializers.CharField(required=False, help_text="Required for kind search.")
    context = serializers.DictField(child=serializers.JSONField(), required=False)  # type: ignore[assignment]
    recommendation_id = serializers.UUIDField(required=False, help_text="The answer that this responds to.")
    position = serializers.IntegerField(required=False, min_value=0, help_text="Its entry there, from 0.")


class InteractionsView(ApiView):
    """Records interactions."""

    required_scope = Scope.PUBLISHABLE
    parameters = {"POST": {"on_unknown": FieldReader(read_choice("reject", "create"))}}

    @extend_schema(
        operation_id="record_interactions",
        summary="Record interactions",
        description=(
            "Takes one interaction, or a list of up to 10,000. Good rows land whatever the others are; each row gets "
            "a status: `created`, `duplicate` (its `interaction_id` is known already; nothing changed) or `rejected`, "
            "then with `errors`. 422 when every row was rejected. A publishable key records for one visitor a request "
            "and cannot create items."
        ),
        parameters=[
            describe_parameter(
                "on_unknown", text="What happens to rows whose item is unknown.", enum=["reject", "create"]
            )
        ],
        request=describe_rows("InteractionOrInteractions", InteractionIn),
        responses={
            **describe_errors(411, 413, 415),
            200: _REPORT,
            422: _REPORT,
        },
        examples=[
            show_request(
                "A purchase",
                {"interaction_id": "order-9:1", "user_id": "u-42", "item": "b-17", "kind": "purchase"},
            ),
            show_answer(
                "Recorded",
                {"created": 1, "duplicate": 0, "rejected": 0, "rows": [{"index": 0, "status": "created"}]},
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Record a batch."""
        on_unknown = self.read_parameters(request).get("on_unknown", "reject")
        rows = _check_rows(self.read_body(request))
        if not reaches(get_key(request).scope, Scope.INGEST):
            _check_publishable(rows, on_unknown)
        outcomes = _write_rows(get_catalog_id(request), rows, on_unknown)
        return answer_batch(outcomes, statuses=STATUSES, request_id=get_request_id(request))


def _check_rows(body: Any) -> list[Row]:
    now, kinds = timezone.now(), get_conf().kinds
    return [
        (row,) if isinstance(row, RowError) else check_interaction_row(row, now=now, kinds=kinds)
        for row in read_rows(body)
    ]


def _check_publishable(rows: Sequence[Row], on_unknown: str) -> None:
    if on_unknown != "reject":
        raise ApiError("scope_required", "A publishable key cannot create items.", status=403, field="on_unknown")
    visitors = {row.user_id for row in rows if isinstance(row, InteractionRecord)}
    if len(visitors) > 1:
        raise ApiError(
            "one_visitor", "A publishable key records for one visitor a request.", status=403, field="user_id"
        )


def _write_rows(catalog_id: int, rows: Sequence[Row], on_unknown: Any) -> list[Outcome]:
    places = [index for index, row in enumerate(rows) if isinstance(row, InteractionRecord)]
    records = [row for row in rows if isinstance(row, InteractionRecord)]
    report = record_interactions(catalog_id, records, on_unknown=on_unknown)
    refused = {places[error.line]: replace(error, line=places[error.line]) for error in report.errors}
    created = {places[place] for place in report.created_places}
    outcomes: list[Outcome] = []
    for index, row in enumerate(rows):
        if not isinstance(row, InteractionRecord):
            outcomes.append(reject_row(index, row))
        elif index in refused:
            outcomes.append(reject_row(index, (refused[index],)))
        else:
            outcomes.append({"index": index, "status": "created" if index in created else "duplicate"})
    return outcomes
