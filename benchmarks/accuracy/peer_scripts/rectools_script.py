"""Runs a model of RecTools with the defaults of that library."""

import numpy as np
import pandas as pd
from exchange import MODEL, Clock, Job
from rectools import Columns
from rectools.dataset import Dataset


def build(seed):
    """Return the model and its options; the transformer alone needs torch."""
    if MODEL == "ease":
        from rectools.models import EASEModel

        return EASEModel(), "regularization 500"
    if MODEL == "pure_svd":
        from rectools.models import PureSVDModel

        return PureSVDModel(), "factors 10"
    from pytorch_lightning import seed_everything
    from rectools.models import SASRecModel

    seed_everything(seed)
    return SASRecModel(deterministic=True), "2 blocks, 256 factors, length 100, softmax loss, 3 epochs"


def make_dataset(columns):
    """Return the library's own dataset."""
    frame = pd.DataFrame(
        {
            Columns.User: columns["profiles"],
            Columns.Item: columns["items"],
            Columns.Weight: 1.0,
            Columns.Datetime: pd.to_datetime(columns["times"], unit="s"),
        }
    )
    return Dataset.construct(frame)


def main():
    """Fit, and recommend to all cases at once; where the model knows users, to those that it has met."""
    job = Job()
    model, options = build(job.seed)
    train = make_dataset(job.train)
    clock = Clock()
    model.fit(train)
    clock.fitted()
    asked = make_dataset(job.histories) if MODEL == "sasrec" else train
    users = job.case_profiles[np.isin(job.case_profiles, asked.user_id_map.external_ids)]
    found = model.recommend(
        users=users, dataset=asked, k=job.count, filter_viewed=not job.keep_seen, on_unsupported_targets="ignore"
    )
    lists = np.full((len(job.case_profiles), job.count), -1, dtype=np.int32)
    rows = np.searchsorted(job.case_profiles, found[Columns.User].to_numpy())
    lists[rows, found[Columns.Rank].to_numpy() - 1] = found[Columns.Item].to_numpy()
    clock.write("rectools", options, items=lists)


if __name__ == "__main__":
    main()
