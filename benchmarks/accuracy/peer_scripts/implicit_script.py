"""Runs a model of ``implicit`` with the defaults of that library."""

import numpy as np
from exchange import MODEL, Clock, Job
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

FOLDS_IN = {"als", "bm25", "cosine"}


def build(seed):
    """Return the model and its options."""
    if MODEL == "als":
        return AlternatingLeastSquares(random_state=seed), "factors 100, regularization 0.01, alpha 1, 15 iterations"
    if MODEL == "bpr":
        return BayesianPersonalizedRanking(random_state=seed), "factors 100, rate 0.01, regularization 0.01, 100 epochs"
    if MODEL == "bm25":
        return BM25Recommender(), "K 20, K1 1.2, B 0.75"
    return CosineRecommender(), "K 20"


def main():
    """Fit, and recommend to every case from its history where the model can take one."""
    job = Job()
    train, histories = job.make_matrix(job.train), job.make_matrix(job.histories)
    model, options = build(job.seed)
    clock = Clock()
    with threadpool_limits(limits=1, user_api="blas"):  # as the library asks for
        model.fit(train, show_progress=False)
        clock.fitted()
        asked = histories[job.case_profiles]
        lists = []
        for start in range(0, len(job.case_profiles), 1000):
            part = slice(start, start + 1000)
            ids, scores = model.recommend(
                job.case_profiles[part],
                csr_matrix(asked[part]),
                N=min(job.count, job.item_count),
                filter_already_liked_items=not job.keep_seen,
                **({"recalculate_user": True} if MODEL in FOLDS_IN else {}),
            )
            lists.append(np.where(scores > -1e30, ids, -1).astype(np.int32))
    clock.write("implicit", options, items=np.concatenate(lists))


if __name__ == "__main__":
    main()
