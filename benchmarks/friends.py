"""Who knows whom: part of the friendships is hidden, people are ranked for each person, and the hidden are looked for.

Reads two files of tab-separated lines below a header line, gzipped or not: PLAYS (user, item, …) and FRIENDS (user,
friend). For Last.fm 2k (HetRec 2011) these are user_artists.dat and user_friends.dat.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.lines import FileError, read_lines
from benchmarks.report import add_json_argument, write_report
from recommender.evaluation.cases import Targets
from recommender.evaluation.metrics import measure_auc, measure_ndcg, measure_recall
from recommender.evaluation.ranks import rank_targets

K = 20
TASTE_WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Circle:
    """P people: ``likes`` (P, I) CSR of ones; ``pairs`` (f, 2) friends by their indices, the lower first, distinct."""

    likes: Any
    pairs: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.likes.shape[0])


def read_circle(plays: Path, friends: Path) -> Circle:
    """Read both files; raise FileError for a line that is not two names and more, or names one person twice."""
    from scipy.sparse import coo_matrix

    played, known = _read_pairs(plays), _read_pairs(friends)
    people, numbers = np.unique(np.concatenate([played[:, 0], known.ravel()]), return_inverse=True)
    items, columns = np.unique(played[:, 1], return_inverse=True)
    rows, ends = numbers[: len(played)], np.sort(numbers[len(played) :].reshape(-1, 2), axis=1)
    alone = np.flatnonzero(ends[:, 0] == ends[:, 1])
    if len(alone):
        raise FileError(friends, "both are one person", line=int(alone[0]) + 2)
    likes = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(people), len(items))).tocsr()
    likes.data[:] = 1.0
    return Circle(likes, np.unique(ends, axis=0))


def split_pairs(pairs: NDArray[np.int64], *, share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs that are known and those that are hidden, a ``share`` of them drawn at random."""
    order = np.random.default_rng(seed).permutation(len(pairs))
    hidden = round(share * len(pairs))
    return pairs[order[hidden:]], pairs[order[:hidden]]


def make_graph(pairs: NDArray[np.int64], *, people: int) -> Matrix:
    """Return (P, P): 1 for friends."""
    graph = np.zeros((people, people))
    graph[pairs[:, 0], pairs[:, 1]] = graph[pairs[:, 1], pairs[:, 0]] = 1.0
    return graph


def share_cosine(likes: Any) -> Matrix:
    """Return (P, P): the cosine between what two like."""
    lengths = np.sqrt(np.asarray(likes.sum(axis=1)).ravel())
    lengths[lengths == 0] = 1.0
    return np.asarray((likes @ likes.T).toarray() / np.outer(lengths, lengths))


def share_rare(likes: Any) -> Matrix:
    """Return (P, P): Σ 1/√fans over the items that two like, as ``recommender.readers.people`` counts them."""
    fans = np.maximum(np.asarray(likes.sum(axis=0)).ravel(), 1.0)
    return np.asarray((likes.multiply(1.0 / np.sqrt(fans)[None]).tocsr() @ likes.T).toarray())


def share_vectors(likes: Any, *, width: int = 64) -> Matrix:
    """Return (P, P): the cosine between vectors of people, of a truncated SVD: a stand-in for a learner's vectors."""
    from scipy.sparse.linalg import svds

    left, values, _ = svds(likes, k=min(width, min(likes.shape) - 1), random_state=0)
    vectors = left * values
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Matrix = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return np.asarray(units @ units.T)


def share_friends(graph: Matrix) -> Matrix:
    """Return (P, P): Adamic-Adar, Σ 1/ln(friends of z) over the common friends z."""
    counts = graph.sum(axis=1)
    weights = np.divide(1.0, np.log(np.maximum(counts, 2.0)), out=np.zeros_like(counts), where=counts > 1)
    return np.asarray((graph * weights[None]) @ graph)


def blend(taste: Matrix, social: Matrix, graph: Matrix, *, weight: float) -> Matrix:
    """Return (P, P): both parts over their largest among those who are no friends, averaged by ``weight`` of taste.

    Where one part has nothing to say of anybody, the other speaks alone.
    """
    parts = []
    for part in (taste, social):
        open_part = np.where((graph > 0) | np.eye(len(graph), dtype=bool), 0.0, np.maximum(part, 0.0))
        largest = open_part.max(axis=1, keepdims=True)
        parts.append((np.divide(open_part, largest, out=np.zeros_like(open_part), where=largest > 0), largest > 0))
    (tastes, tasted), (socials, known) = parts
    total = weight * tasted + (1.0 - weight) * known
    mixed: Matrix = weight * tastes + (1.0 - weight) * socials
    np.divide(mixed, total, out=mixed, where=total > 0)
    return mixed


def measure_people(scores: Matrix, graph: Matrix, hidden: NDArray[np.int64]) -> dict[str, float]:
    """Return AUC, recall and NDCG of ranking, for everybody with a hidden friend, all who are no known friends."""
    wanted = make_graph(hidden, people=len(graph)) > 0
    asked = np.flatnonzero(wanted.any(axis=1))
    open_to = (graph == 0) & ~np.eye(len(graph), dtype=bool)
    rows = np.where(open_to[asked], scores[asked], -np.inf)
    counts = wanted[asked].sum(axis=1)
    found = np.nonzero(wanted[asked])[1].astype(np.int32)
    targets = Targets(np.concatenate([[0], np.cumsum(counts)]), found, np.full(len(found), np.nan, np.float32))
    hits = rank_targets(rows, targets=targets)
    negatives = open_to[asked].sum(axis=1) - counts
    return {
        "auc": float(np.nanmean(measure_auc(hits, negatives=negatives))),
        f"recall@{K}": float(measure_recall(hits, k=K).mean()),
        f"ndcg@{K}": float(measure_ndcg(hits, k=K).mean()),
    }


def measure_split(circle: Circle, *, share: float, seed: int) -> dict[str, dict[str, float]]:
    """Return the figures of each way of ranking people; the blend's weight is found on friendships held out again."""
    known, hidden = split_pairs(circle.pairs, share=share, seed=seed)
    fitted, held_out = split_pairs(known, share=share, seed=seed + 1)
    rare, people = share_rare(circle.likes), len(circle)
    before, graph = make_graph(fitted, people=people), make_graph(known, people=people)
    social_before, social = share_friends(before), share_friends(graph)
    tried = {
        weight: measure_people(blend(rare, social_before, before, weight=weight), before, held_out)[f"ndcg@{K}"]
        for weight in TASTE_WEIGHTS
    }
    weight = max(tried, key=lambda tried_weight: tried[tried_weight])
    vectors = share_vectors(circle.likes)
    ways: Mapping[str, Matrix] = {
        "popularity (number of friends)": np.tile(graph.sum(axis=1), (people, 1)),
        "shared items, cosine": share_cosine(circle.likes),
        "vectors of people (SVD 64), cosine": vectors,
        "shared items by 1/√fans *": rare,
        "friends of friends (Adamic-Adar) *": social,
        "blend, as served *": blend(rare, social, graph, weight=0.5),
        "blend, weight found": blend(rare, social, graph, weight=weight),
        "blend with vectors": blend(vectors, social, graph, weight=0.5),
    }
    figures = {name: measure_people(scores, graph, hidden) for name, scores in ways.items()}
    figures["blend, weight found"]["taste weight"] = weight
    return figures


def _read_pairs(path: Path) -> NDArray[np.str_]:
    found = []
    for number, line in enumerate(read_lines(path)[1:], start=2):
        if not line:
            continue
        cells = line.split("\t")
        if len(cells) < 2 or not cells[0] or not cells[1]:
            raise FileError(path, "not two names with a tab between them", line=number)
        found.append(cells[:2])
    if not found:
        raise FileError(path, "no line below the header")
    return np.array(found)


def main() -> None:
    """Measure on the files that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plays", type=Path, required=True)
    parser.add_argument("--friends", type=Path, required=True)
    parser.add_argument("--hide", type=float, default=0.2, help="share of the friendships that is hidden")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--splits", type=int, default=5, help="random splits that figures are the mean of")
    add_json_argument(parser)
    asked = parser.parse_args()
    if not 0.0 < asked.hide < 1.0 or asked.splits < 1:
        parser.error("--hide lies between 0 and 1, and there is at least 1 split")
    try:
        circle = read_circle(asked.plays, asked.friends)
    except FileError as error:
        parser.error(str(error))
    splits = [measure_split(circle, share=asked.hide, seed=asked.seed + 10 * number) for number in range(asked.splits)]
    rows = [
        {"name": name, **{figure: float(np.mean([split[name][figure] for split in splits])) for figure in figures}}
        for name, figures in splits[0].items()
    ]
    write_report(
        rows,
        protocol=f"hide {asked.hide:.0%} of the friendships, rank all people but known friends; mean of {asked.splits} "
        "splits; * as recsite serves it",
        data=f"{len(circle):,} people, {circle.likes.shape[1]:,} items, {circle.likes.nnz:,} likes, "
        f"{len(circle.pairs):,} friendships",
        seed=asked.seed,
        json_path=asked.json_path,
    )


if __name__ == "__main__":
    main()
