"""Items over the API: write, read, delete."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.authentication import get_catalog_id
from catalog.api.batches import Outcome, answer_batch, read_rows, reject_row
from catalog.api.errors import ApiError, get_request_id
from catalog.api.fields import FieldReader
from catalog.api.permissions import Scope
from catalog.api.schemas import (
    EXAMPLE_ITEM,
    DeletedItems,
    ItemIn,
    ItemList,
    ItemOut,
    describe_batch,
    describe_errors,
    describe_parameter,
    describe_rows,
    show_answer,
    show_request,
)
from catalog.api.views import ApiView
from catalog.field_values import FieldProblem, read_key
from catalog.item_rows import check_item_row
from catalog.models import Item
from catalog.records import ItemRecord, RowError, WriteReport
from catalog.services.items import delete_items, upsert_items

STATUSES = ("created", "updated", "unchanged", "superseded", "rejected")
MAX_KEYS = 500
_SHOWN = tuple(ItemOut().fields)


def _read_keys(values: list[str]) -> list[str]:
    if len(values) > MAX_KEYS:
        raise FieldProblem(f"at most {MAX_KEYS} keys a request", "too_long")
    return [read_key(value) for value in values]


_KEYS = {"key": FieldReader(_read_keys, many=True)}
_KEY_PARAMETER = describe_parameter("key", text="May be repeated.", many=True, required=True)
_REPORT = describe_batch("Items", STATUSES, key=serializers.CharField(required=False))
_PATH_KEY = OpenApiParameter(
    "key", str, OpenApiParameter.PATH, description="Any text; percent-encode it. Slashes may stay as they are."
)


class ItemsView(ApiView):
    """Items by batch."""

    required_scope = Scope.INGEST
    parameters = {"GET": _KEYS, "DELETE": _KEYS}

    @extend_schema(
        operation_id="upsert_items",
        summary="Create or replace items",
        description=(
            "Takes one item, or a list of up to 10,000. Good rows land whatever the others are; each row gets a "
            "status: `created`, `updated`, `unchanged`, `superseded` (a later row of the batch has the same key) or "
            "`rejected`, then with `errors`. 422 when every row was rejected."
        ),
        request=describe_rows("ItemOrItems", ItemIn),
        responses={
            **describe_errors(411, 413, 415),
            200: _REPORT,
            422: _REPORT,
        },
        examples=[
            show_request("One item", EXAMPLE_ITEM),
            show_answer(
                "Written",
                {
                    "created": 1,
                    "updated": 0,
                    "unchanged": 0,
                    "superseded": 0,
                    "rejected": 0,
                    "rows": [{"index": 0, "status": "created", "key": "b-17"}],
                },
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Write a batch."""
        self.read_parameters(request)
        rows = [row if isinstance(row, RowError) else check_item_row(row) for row in read_rows(self.read_body(request))]
        outcomes = _write_rows(get_catalog_id(request), rows)
        return answer_batch(outcomes, statuses=STATUSES, request_id=get_request_id(request))

    @extend_schema(
        operation_id="list_items",
        summary="Read items by their keys",
        parameters=[_KEY_PARAMETER],
        responses={**describe_errors(), 200: ItemList},
    )
    def get(self, request: Request) -> Response:
        """Read some items."""
        keys = self.read_parameters(request).get("key")
        if not keys:
            raise ApiError("required", "required", field="key")
        found = {item["key"]: item for item in _read_items(get_catalog_id(request), keys)}
        return Response({"items": [found[key] for key in dict.fromkeys(keys) if key in found]})

    @extend_schema(
        operation_id="delete_items",
        summary="Delete items by their keys",
        parameters=[_KEY_PARAMETER],
        responses={**describe_errors(), 200: DeletedItems},
    )
    def delete(self, request: Request) -> Response:
        """Delete some items, with their vectors and interactions."""
        keys = self.read_parameters(request).get("key")
        if not keys:
            raise ApiError("required", "required", field="key")
        return Response({"deleted": delete_items(get_catalog_id(request), keys)})


class ItemView(ApiView):
    """One item."""

    required_scope = Scope.INGEST

    @extend_schema(
        operation_id="get_item",
        summary="Read an item",
        description="An item whose key ends in `/similar` is read by `GET /api/v1/items?key=…`.",
        parameters=[_PATH_KEY],
        responses={**describe_errors(404), 200: ItemOut},
        examples=[
            show_answer(
                "An item",
                {
                    **EXAMPLE_ITEM,
                    "kind": "item",
                    "expires_at": None,
                    "available": True,
                    "hidden": False,
                    "created_at": "2026-01-31T12:00:00Z",
                    "updated_at": "2026-01-31T12:00:00Z",
                },
            )
        ],
    )
    def get(self, request: Request, key: str) -> Response:
        """Read the item."""
        self.read_parameters(request)
        found = _read_items(get_catalog_id(request), [check_path_key(key)])
        if not found:
            raise refuse_unknown_item(key)
        return Response(found[0])

    @extend_schema(
        operation_id="delete_item",
        summary="Delete an item with its vectors and interactions",
        parameters=[_PATH_KEY],
        responses={**describe_errors(404), 204: None},
    )
    def delete(self, request: Request, key: str) -> Response:
        """Delete the item."""
        self.read_parameters(request)
        if not delete_items(get_catalog_id(request), [check_path_key(key)]):
            raise refuse_unknown_item(key)
        return Response(status=204)


def check_path_key(key: str, *, field: str = "key") -> str:
    """Return a key from a path; raise ApiError where it cannot be one."""
    try:
        return read_key(key)
    except FieldProblem as problem:
        raise ApiError(problem.code, problem.reason, field=field) from None


def refuse_unknown_item(key: str) -> ApiError:
    """Return the error for a key that the catalog lacks."""
    return ApiError("item_not_found", f"There is no item {key!r}.", status=404, field="key")


def _read_items(catalog_id: int, keys: Sequence[str]) -> list[dict[str, Any]]:
    return list(Item.objects.in_catalog(catalog_id).filter(key__in=keys).values(*_SHOWN))


def _name_status(report: WriteReport, key: str) -> str:
    if key in report.created_keys:
        return "created"
    return "updated" if key in report.updated_keys else "unchanged"


def _write_rows(catalog_id: int, rows: Sequence[ItemRecord | RowError | tuple[RowError, ...]]) -> list[Outcome]:
    records = [row for row in rows if isinstance(row, ItemRecord)]
    report = upsert_items(catalog_id, records)
    last = {row.key: index for index, row in enumerate(rows) if isinstance(row, ItemRecord)}
    outcomes: list[Outcome] = []
    for index, row in enumerate(rows):
        if isinstance(row, ItemRecord):
            status = "superseded" if last[row.key] != index else _name_status(report, row.key)
            outcomes.append({"index": index, "status": status, "key": row.key})
        else:
            outcomes.append(reject_row(index, (row,) if isinstance(row, RowError) else row))
    return outcomes
