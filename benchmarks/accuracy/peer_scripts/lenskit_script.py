"""Runs a model of LensKit with the defaults of that library, but for what it cannot do without."""

import numpy as np
import pandas as pd
from exchange import MODEL, Clock, Job, fill_lists
from lenskit import topn_pipeline
from lenskit.als import BiasedMFScorer, ImplicitMFScorer
from lenskit.basic import BiasScorer
from lenskit.data import ItemList, RecQuery, from_interactions_df
from lenskit.knn import EASEScorer, ItemKNNScorer
from lenskit.pipeline import predict_pipeline
from lenskit.training import TrainingOptions

SCORERS = {
    "item_knn": (lambda: ItemKNNScorer(k=20, feedback="implicit"), "k 20, implicit feedback"),
    "ease": (lambda: EASEScorer(), "regularization as the library has it"),
    "als": (lambda: ImplicitMFScorer(features=64), "features 64"),
    "bias": (lambda: BiasScorer(), "damping 0"),
    "biased_mf": (lambda: BiasedMFScorer(features=64), "features 64"),
    "item_knn_ratings": (lambda: ItemKNNScorer(k=20, feedback="explicit"), "k 20, explicit feedback"),
}


def make_dataset(job):
    """Return the library's own dataset; ratings are in it where the job is to predict them."""
    columns = {"user_id": job.train["profiles"], "item_id": job.train["items"]}
    if job.pairs is not None:
        columns["rating"] = job.train["values"]
    frame = pd.DataFrame(columns).drop_duplicates(["user_id", "item_id"], keep="last")
    items = np.arange(job.item_count)
    return from_interactions_df(frame, items=items) if job.pairs is None else from_interactions_df(frame)


def main():
    """Fit, and answer case by case, each with its history."""
    job = Job()
    build, options = SCORERS[MODEL]
    dataset = make_dataset(job)
    clock = Clock()
    if job.pairs is not None:
        pipeline = predict_pipeline(build())
        pipeline.train(dataset, TrainingOptions(rng=job.seed))
        clock.fitted()
        clock.write("lenskit", options, ratings=predict(pipeline, job.pairs))
        return
    pipeline = topn_pipeline(build())
    pipeline.train(dataset, TrainingOptions(rng=job.seed))
    clock.fitted()
    offsets = job.find_offsets()
    rows = []
    for place, profile in enumerate(job.case_profiles.tolist()):
        seen = np.unique(job.histories["items"][offsets[place] : offsets[place + 1]])
        query = RecQuery(user_id=profile, user_items=ItemList(item_ids=seen))
        rows.append(pipeline.run("recommender", query=query, n=job.count).ids())
    clock.write("lenskit", options, items=fill_lists(rows, job.count))


def predict(pipeline, pairs):
    """Return a rating for each pair, NaN where the model has none."""
    ratings = np.full(len(pairs["items"]), np.nan, dtype=np.float32)
    order = np.argsort(pairs["profiles"], kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(pairs["profiles"][order])) + 1):
        query = RecQuery(user_id=int(pairs["profiles"][rows[0]]))
        items = ItemList(item_ids=pairs["items"][rows])
        ratings[rows] = pipeline.run("rating-predictor", query=query, items=items).scores()
    return ratings


if __name__ == "__main__":
    main()
