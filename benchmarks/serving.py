"""How long a recommendation takes, against the bare pgvector statement of the same retrieval.

``python -m benchmarks.serving [--items 2000,100000] [--requests 200] [--seed 0] [--json OUT]``

Items, vectors and histories are made up: 384 dimensions in 200 clusters, a history of 50 items within
three clusters, 200 neighbours an item, one popularity score an item. Requests and bare statements take turns.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.report import add_json_argument, write_report
from benchmarks.scratch import scratch_catalog

DIMENSIONS = 384
CLUSTERS = 200
HISTORY = 50
NEIGHBOURS = 200
PEOPLE = 50
NEAREST = 100


def main() -> None:
    """Measure each size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--items", default="2000,100000", help="catalogue sizes, separated by commas")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    add_json_argument(parser)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for size in (int(part) for part in arguments.items.split(",")):
        with scratch_catalog(f"bench-serving-{size}") as catalog:
            world = _fill(catalog.pk, size, np.random.default_rng(arguments.seed))
            rows += _measure(catalog.pk, size, world, arguments.requests)
    write_report(
        rows,
        protocol=f"history {HISTORY}, three strategies, slate of 10, {arguments.requests} requests, in process",
        data=f"synthetic, {DIMENSIONS} dimensions",
        seed=arguments.seed,
        json_path=arguments.json_path,
    )


def _fill(catalog_id: int, size: int, rng: np.random.Generator) -> dict[str, Any]:
    """Write items, vectors, neighbours, scores and people by COPY; return ids that the bare statements need."""
    from django.db import connection

    from catalog.models import EmbeddingSpace
    from catalog.vector_index import build_index
    from recommender.models import TrainedModel
    from recommender.services.placements import create_first_placements

    def run(sql: str, *params: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    item_ids = np.array(
        run(
            "INSERT INTO catalog_item (catalog_id, key, kind, title, text, url, image_url, language, categories, "
            "attributes, published_at, available, hidden, content_digest, created_at, updated_at) "
            "SELECT %s, 'item-' || i, 'item', 'Item ' || i, '', '', '', '', '{}', '{}', "
            "now() - i * interval '1 minute', true, false, gen_random_uuid(), now(), now() "
            "FROM generate_series(1, %s) i RETURNING id",
            catalog_id,
            size,
        )
    ).ravel()
    space = EmbeddingSpace.objects.create(
        catalog_id=catalog_id, encoder="hashing", dimensions=DIMENSIONS, state="active", fingerprint="synthetic"
    )
    clusters = rng.integers(CLUSTERS, size=size)
    centres = rng.standard_normal((CLUSTERS, DIMENSIONS))
    with connection.cursor() as cursor, cursor.copy(
        "COPY catalog_embedding (space_id, item_id, vector, content_digest) FROM STDIN"
    ) as copy:  # fmt: skip
        digest = "00000000-0000-0000-0000-000000000000"
        for item_id, cluster in zip(item_ids.tolist(), clusters, strict=True):
            vector = centres[cluster] + rng.standard_normal(DIMENSIONS)
            text = "[" + ",".join(map("{:.4f}".format, vector / np.linalg.norm(vector))) + "]"
            copy.write_row((space.pk, item_id, text, digest))
    build_index(space)
    models = {
        learner: TrainedModel.objects.create(catalog_id=catalog_id, learner=learner, shape=shape, state="active")
        for learner, shape in (("co_visitation", "neighbours"), ("popular", "scores"))
    }
    run(
        "INSERT INTO recommender_itemscore (model_id, item_id, score) SELECT %s, id, random() FROM catalog_item "
        "WHERE catalog_id = %s",
        models["popular"].pk,
        catalog_id,
    )
    with connection.cursor() as cursor, cursor.copy(
        "COPY recommender_itemneighbours (model_id, item_id, bank, neighbour_ids, weights) FROM STDIN"
    ) as copy:  # fmt: skip
        for item_id in item_ids.tolist():
            chosen = rng.choice(item_ids, size=NEIGHBOURS)
            copy.write_row((models["co_visitation"].pk, item_id, 0, chosen.tolist(), rng.random(NEIGHBOURS).tolist()))
    people = run(
        "INSERT INTO profiles_profile (catalog_id, key, attributes, created_at) "
        "SELECT %s, 'person-' || i, '{}', now() FROM generate_series(1, %s) i RETURNING id",
        catalog_id,
        PEOPLE,
    )
    for (profile_id,) in people:
        liked = np.flatnonzero(np.isin(clusters, rng.integers(CLUSTERS, size=3)))
        for age, item_id in enumerate(rng.choice(item_ids[liked], size=min(HISTORY, len(liked)), replace=False)):
            run(
                "INSERT INTO profiles_interaction (catalog_id, profile_id, item_id, kind, occurred_at, recorded_at) "
                "VALUES (%s, %s, %s, 'like', now() - %s * interval '1 day', now())",
                catalog_id,
                profile_id,
                int(item_id),
                age,
            )
    create_first_placements(catalog_id)
    for table in ("catalog_item", "catalog_embedding", "recommender_itemneighbours", "recommender_itemscore"):
        run(f"ANALYZE {table}")
    run("VACUUM (ANALYZE) profiles_interaction")
    from recommender.models import PlacementStrategy

    PlacementStrategy.objects.filter(placement__catalog_id=catalog_id, source__in=["trending", "newest"]).delete()
    return {"space": space.pk, "people": [profile_id for (profile_id,) in people]}


def _measure(catalog_id: int, size: int, world: dict[str, Any], requests: int) -> list[dict[str, Any]]:
    from django.db import connection

    from recommender.services.recommendations import recommend

    nearest = (
        f"SELECT item_id FROM catalog_embedding WHERE space_id = {world['space']} "
        f"ORDER BY vector::halfvec({DIMENSIONS}) <=> %s::halfvec({DIMENSIONS}) LIMIT {NEAREST}"
    )
    mean = (
        f"SELECT item_id FROM catalog_embedding WHERE space_id = {world['space']} "
        f"ORDER BY vector::halfvec({DIMENSIONS}) <=> (SELECT avg(e.vector)::halfvec({DIMENSIONS}) FROM (SELECT item_id "
        "FROM profiles_interaction WHERE profile_id = %s ORDER BY occurred_at DESC LIMIT 50) h "
        f"JOIN catalog_embedding e ON e.space_id = {world['space']} AND e.item_id = h.item_id) LIMIT {NEAREST}"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT vector::text FROM catalog_embedding WHERE space_id = %s LIMIT %s", [world["space"], PEOPLE]
        )
        vectors = [row[0] for row in cursor.fetchall()]

    def ask(sql: str, param: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, [param])
            cursor.fetchall()

    calls: dict[str, Callable[[int], Any]] = {
        "empty round trip": lambda i: ask("SELECT %s::int", i),
        "bare: nearest 100 of a vector": lambda i: ask(nearest, vectors[i % len(vectors)]),
        "bare: mean of 50, nearest 100": lambda i: ask(mean, world["people"][i % PEOPLE]),
        "recommendation, logged": lambda i: recommend(catalog_id, placement="home", user_id=f"person-{i % PEOPLE + 1}"),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for i in range(-20, requests):
        for name, call in calls.items():
            started = time.perf_counter()
            call(abs(i))
            if i >= 0:
                times[name].append((time.perf_counter() - started) * 1000)
    medians = {name: float(np.median(values)) for name, values in times.items()}
    floor = medians["bare: mean of 50, nearest 100"]
    return [
        {
            "name": name,
            "items": size,
            "median_ms": medians[name],
            "p95_ms": float(np.percentile(values, 95)),
            "ratio": medians[name] / floor,
        }
        for name, values in times.items()
    ]


if __name__ == "__main__":
    main()
