"""Runs a model of RecBole with the defaults of that library, on all that there is to learn from."""

import logging
import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from exchange import MODEL, Clock, Job
from recbole.config import Config
from recbole.data import create_dataset
from recbole.data.interaction import Interaction
from recbole.data.utils import create_samplers, get_dataloader
from recbole.utils import get_model, get_trainer, init_seed

NAMES = {"bpr": "BPR", "lightgcn": "LightGCN", "sasrec": "SASRec", "gru4rec": "GRU4Rec"}
EPOCHS = {"bpr": 30, "lightgcn": 30, "sasrec": 20, "gru4rec": 20}
SEQUENTIAL = {"sasrec", "gru4rec"}
LENGTH = 50


def make_config(job, folder):
    """Write what is learned from as the library wants it, and return its configuration."""
    (folder / "job").mkdir()
    pairs = zip(job.train["profiles"], job.train["items"], strict=True)  # in the order of time
    lines = ["user_id:token\titem_id:token\ttimestamp:float"]
    lines += [f"{profile}\t{item}\t{time}" for time, (profile, item) in enumerate(pairs)]
    (folder / "job" / "job.inter").write_text("\n".join(lines) + "\n", "utf-8")
    return Config(
        model=NAMES[MODEL],
        dataset="job",
        config_dict={
            "data_path": str(folder),
            "checkpoint_dir": str(folder),
            "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
            "eval_args": {"split": {"RS": [1.0, 0.0, 0.0]}, "order": "TO", "group_by": None, "mode": "full"},
            "train_neg_sample_args": None if MODEL in SEQUENTIAL else {"distribution": "uniform", "sample_num": 1},
            "MAX_ITEM_LIST_LENGTH": LENGTH,
            "epochs": EPOCHS[MODEL],
            "eval_step": 0,
            "seed": job.seed,
            "use_gpu": False,
            "show_progress": False,
            "state": "ERROR",
        },
    )


def make_questions(job, dataset, cases, offsets):
    """Return what the model is asked for some cases: users, and the latest items of their histories."""
    place, users = dataset.field2token_id["item_id"], dataset.field2token_id["user_id"]
    columns = {"user_id": torch.tensor([users.get(str(user), 0) for user in job.case_profiles[cases]])}
    if MODEL in SEQUENTIAL:
        sequences = torch.zeros((len(cases), LENGTH), dtype=torch.long)
        lengths = torch.ones(len(cases), dtype=torch.long)
        for row, case in enumerate(cases):
            items = job.histories["items"][offsets[case] : offsets[case + 1]]
            known = [place[str(item)] for item in items.tolist() if str(item) in place][-LENGTH:]
            sequences[row, : len(known)] = torch.tensor(known)
            lengths[row] = max(1, len(known))
        columns |= {"item_id_list": sequences, "item_length": lengths}
    return Interaction(columns)


def main():
    """Train without a validation part for a fixed number of epochs, and rank all items for every case."""
    job = Job()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)  # the library writes logs where it stands
        config = make_config(job, Path(name))
        logging.disable(logging.CRITICAL)
        init_seed(config["seed"], True)
        dataset = create_dataset(config)
        parts = dataset.build()
        samplers = create_samplers(config, dataset, parts)
        loader = get_dataloader(config, "train")(config, parts[0], samplers[0], shuffle=True)
        model = get_model(NAMES[MODEL])(config, parts[0])
        trainer = get_trainer(config["MODEL_TYPE"], NAMES[MODEL])(config, model)
        clock = Clock()
        trainer.fit(loader, valid_data=None, saved=False, show_progress=False)
        model.eval()
        clock.fitted()
    offsets = job.find_offsets()
    tokens = dataset.field2id_token["item_id"][1:].astype(np.int64)
    lists = np.full((len(job.case_profiles), job.count), -1, dtype=np.int32)
    for cases in np.array_split(np.arange(len(lists)), len(lists) // 256 + 1):
        with torch.inference_mode():
            found = model.full_sort_predict(make_questions(job, dataset, cases, offsets))
        scores = np.full((len(cases), job.item_count), -np.inf, dtype=np.float32)
        scores[:, tokens] = found.reshape(len(cases), -1).numpy()[:, 1:]
        for row, case in enumerate([] if job.keep_seen else cases):
            scores[row, job.histories["items"][offsets[case] : offsets[case + 1]]] = -np.inf
        best = np.argsort(-scores, axis=1, kind="stable")[:, : job.count]
        lists[cases] = np.where(np.take_along_axis(scores, best, axis=1) > -np.inf, best, -1)
    clock.write("recbole", f"{EPOCHS[MODEL]} epochs, other defaults", items=lists)


if __name__ == "__main__":
    main()
