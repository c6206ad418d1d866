"""The protocols: how each splits, what it measures, and which figure decides."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from recommender.evaluation.cases import Split
from recommender.evaluation.holdouts import given_split, k_folds, random_split, rating_folds
from recommender.evaluation.splits import next_item
from recommender.training.dataset import InteractionDataset

SEEDS = 5
FOLDS = 5
AGAIN_SHARE = 0.05
"""Share of validation targets that had been met before, from which on seen items stay among the candidates."""


@dataclass(frozen=True, slots=True)
class Run:
    """One split of a protocol; ``seed`` is for the split and for the learners. ``validation`` where it has its own.

    ``at_random`` says that what is held out was drawn so, by the protocol's own words.
    """

    name: str
    seed: int
    split: Split
    validation: Split | None = None
    at_random: bool = False


@dataclass(frozen=True, slots=True)
class Protocol:
    """One protocol of the command line.

    ``figures`` are names of metrics with what tables call them; ``main`` is the one that decides. ``depth`` is how
    far down lists are looked at; 0: exact ranks among all items.
    """

    key: str
    title: str
    figures: tuple[tuple[str, str], ...]
    main: str
    make_runs: Callable[[InteractionDataset, InteractionDataset | None, int, int], Iterator[Run]]
    depth: int = 0
    rates: bool = False
    runs: int = 1
    time_ordered: bool = False


def keeps_seen(protocol: Protocol, dataset: InteractionDataset) -> bool:
    """Say whether seen items stay candidates: where people come back to things, by the validation part alone."""
    if not protocol.time_ordered:
        return False
    cases = next_item(dataset, which="validation").cases
    span = len(dataset.item_ids)
    seen = cases.histories.profiles.astype(np.int64) * span + cases.histories.items
    wanted = cases.profiles[cases.targets.cases] * span + cases.targets.items
    return bool(np.isin(wanted, seen).mean() >= AGAIN_SHARE)


def _run_next_item(
    dataset: InteractionDataset, test: InteractionDataset | None, seed: int, folds: int
) -> Iterator[Run]:
    yield Run("test", seed, next_item(dataset), next_item(dataset, which="validation"))


def _run_given(dataset: InteractionDataset, test: InteractionDataset | None, seed: int, folds: int) -> Iterator[Run]:
    assert test is not None
    yield Run("test", seed, given_split(dataset, test))


def _run_seeds(dataset: InteractionDataset, test: InteractionDataset | None, seed: int, folds: int) -> Iterator[Run]:
    for number in range(seed, seed + SEEDS):
        yield Run(f"seed {number}", number, random_split(dataset, share=0.75, seed=number), at_random=True)


def _run_folds(dataset: InteractionDataset, test: InteractionDataset | None, seed: int, folds: int) -> Iterator[Run]:
    for number, split in enumerate(k_folds(dataset, folds=folds, seed=seed), start=1):
        yield Run(f"fold {number}", seed, split, at_random=True)


def _run_rating_folds(
    dataset: InteractionDataset, test: InteractionDataset | None, seed: int, folds: int
) -> Iterator[Run]:
    for number, split in enumerate(rating_folds(dataset, folds=folds, seed=seed), start=1):
        yield Run(f"fold {number}", seed, split)


def _name(*pairs: str) -> tuple[tuple[str, str], ...]:
    """Return (metric, heading) pairs from ``metric=heading`` texts."""
    return tuple((metric, heading) for metric, _, heading in (pair.partition("=") for pair in pairs))


NEXT_ITEM = Protocol(
    key="next-item",
    title="next item: each user's last item is the target, the last but one is for validation, and statistics are "
    "those from before both; ranked among all items",
    figures=_name(*(f"{metric}@{k}={metric.upper()}@{k}" for metric in ("hr", "ndcg") for k in (5, 10, 20)), "mrr=MRR"),
    main="NDCG@10",
    make_runs=_run_next_item,
    time_ordered=True,
)
GIVEN = Protocol(
    key="given",
    title="given files to train on and to test with; ranked among all items but those of the user's training part",
    figures=_name("recall@20=Recall@20", "ndcg@20=NDCG@20", "precision@20=Precision@20"),
    main="NDCG@20",
    make_runs=_run_given,
    depth=20,
)
MICROSOFT = Protocol(
    key="microsoft-75-25",
    title=f"75 % of each user's ratings at random to train on, every rating a positive; ranked among all items but "
    f"those of the training part; mean of {SEEDS} seeds",
    figures=_name("full_map@10=MAP@10", "ndcg@10=NDCG@10", "precision@10=P@10", "recall@10=R@10"),
    main="NDCG@10",
    make_runs=_run_seeds,
    depth=10,
    runs=SEEDS,
)
GORSE = Protocol(
    key="gorse-5-fold",
    title=f"{FOLDS} folds of the shuffled ratings, every rating a positive; ranked among all items but those of the "
    "training part; mean of the folds",
    figures=_name("precision@10=P@10", "recall@10=R@10", "full_map@10=MAP@10", "ndcg@10=NDCG@10", "mrr@10=MRR@10"),
    main="NDCG@10",
    make_runs=_run_folds,
    depth=10,
    runs=FOLDS,
)
RATING = Protocol(
    key="rating",
    title="folds of the shuffled ratings, each predicted from the others; mean of the folds",
    figures=_name("rmse=RMSE", "mae=MAE"),
    main="RMSE",
    make_runs=_run_rating_folds,
    rates=True,
    runs=FOLDS,
)
PROTOCOLS = {protocol.key: protocol for protocol in (NEXT_ITEM, GIVEN, MICROSOFT, GORSE, RATING)}
