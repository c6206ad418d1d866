"""Predicted ratings over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.authentication import get_catalog_id
from catalog.api.errors import ApiError
from catalog.api.fields import FieldReader, read_key_list
from catalog.api.permissions import Scope
from catalog.api.schemas import describe_errors, describe_parameter, show_answer
from catalog.api.views import ApiView
from catalog.field_values import read_key
from recommender.selectors import resolve_keys
from recommender.services.predictions import MAX_ITEMS, NoRatingModelError, predict_ratings

_QUERY = {"user_id": FieldReader(read_key), "item_ids": FieldReader(read_key_list, many=True)}


class PredictedRatingOut(serializers.Serializer[Any]):
    """What somebody would say of one item."""

    item = serializers.CharField()
    rating = serializers.FloatField(
        allow_null=True, help_text="In the scale of the ratings; null where nothing is known of the item."
    )


class PredictedRatingsOut(serializers.Serializer[Any]):
    """Predicted ratings, in the order that was asked for."""

    ratings = PredictedRatingOut(many=True)


class PredictedRatingsView(ApiView):
    """What somebody would say of items."""

    required_scope = Scope.PUBLISHABLE
    parameters = {"GET": _QUERY}

    @extend_schema(
        operation_id="get_predicted_ratings",
        summary="Predict what a person would say of items",
        description="Needs an active model of `rating_factors`. A person that is unknown, or left out, gets what the "
        "average person would say. An item that has come since the training, or is not there, has `null`.",
        parameters=[
            describe_parameter("user_id"),
            describe_parameter("item_ids", text=f"Key of an item; repeated for each of 1 to {MAX_ITEMS}.", many=True),
        ],
        responses={**describe_errors(404), 200: PredictedRatingsOut},
        examples=[
            show_answer("Two items", {"ratings": [{"item": "b-17", "rating": 4.31}, {"item": "b-18", "rating": None}]})
        ],
    )
    def get(self, request: Request) -> Response:
        """Predict."""
        asked = self.read_parameters(request)
        keys = list(dict.fromkeys(asked.get("item_ids", ())))
        if not keys:
            raise ApiError("required", "required", field="item_ids")
        if len(keys) > MAX_ITEMS:
            raise ApiError("invalid", f"{MAX_ITEMS} items at most, not {len(keys)}", field="item_ids")
        catalog_id = get_catalog_id(request)
        known = resolve_keys(catalog_id, user_id=asked.get("user_id"), item_keys=keys)
        try:
            ratings = predict_ratings(catalog_id, profile_id=known.profile_id, item_ids=list(known.item_ids.values()))
        except NoRatingModelError:
            raise ApiError(
                "rating_model_not_found",
                "No model predicts ratings here: train rating_factors and promote it.",
                status=404,
            ) from None
        found = [(key, ratings.get(known.item_ids[key]) if key in known.item_ids else None) for key in keys]
        return Response({"ratings": [{"item": key, "rating": rating} for key, rating in found]})
