"""Predicted ratings: what a person would say of items, by the active rating model."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from recommender.models import TrainedModel

MAX_ITEMS = 500
LEARNER = "rating_factors"

# Vectors of items are [q, b, 1] and those of people [p, 1, m + b_u], so that the inner product is the rating; [0, 1, 0]
# reads an item's bias alone. A vector of zeros says that nothing is known of somebody.
_PREDICT = """
WITH model AS (
    SELECT m.space_id, (m.metrics ->> 'learner_mean_rating')::float8 AS mean,
        (m.metrics ->> 'learner_lowest_rating')::float8 AS lowest,
        (m.metrics ->> 'learner_highest_rating')::float8 AS highest,
        (array_fill(0::real, ARRAY[s.dimensions - 2]) || ARRAY[1, 0]::real[])::halfvec AS bias
    FROM recommender_trainedmodel m JOIN catalog_embeddingspace s ON s.id = m.space_id
    WHERE m.catalog_id = %(catalog)s AND m.learner = %(learner)s AND m.state = %(active)s
        AND m.metrics ? 'learner_mean_rating'
), person AS (
    SELECT v.vector FROM recommender_profilevector v JOIN model ON model.space_id = v.space_id
    WHERE v.profile_id = %(profile)s AND l2_norm(v.vector) > 0
)
SELECT e.item_id, least(model.highest, greatest(model.lowest,
    CASE WHEN person.vector IS NULL THEN model.mean - (e.vector <#> model.bias)
    ELSE -(e.vector <#> person.vector) END))
FROM model LEFT JOIN person ON true LEFT JOIN catalog_embedding e
    ON e.space_id = model.space_id AND e.item_id = ANY(%(items)s::bigint[]) AND e.vector IS NOT NULL
"""


class NoRatingModelError(LookupError):
    """No model that predicts ratings is active in the catalog."""


def predict_ratings(catalog_id: int, *, profile_id: int | None, item_ids: Sequence[int]) -> dict[int, float]:
    """Return the ratings that a profile would give to items, by primary key, within the scale of those learned from.

    A profile that the model knows nothing of (or None) gets what the mean person says of an item. Items that have come
    since the training are left out. One statement. Raises NoRatingModelError.
    """
    params: dict[str, Any] = {
        "catalog": catalog_id,
        "learner": LEARNER,
        "active": TrainedModel.State.ACTIVE,
        "profile": profile_id,
        "items": list(item_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_PREDICT, params)
        rows = cursor.fetchall()
    if not rows:
        raise NoRatingModelError(f"catalog {catalog_id} has no active model of {LEARNER}")
    return {item_id: rating for item_id, rating in rows if item_id is not None}
