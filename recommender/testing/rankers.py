"""The contract of rankers as tests: inherit RankerContract and say how to build yours."""

from collections.abc import Sequence

import numpy as np
import pytest

from catalog.testing.components import ComponentContract
from recommender.ranking import Ranker
from recommender.ranking.merging import merge_ids
from recommender.records import CandidateList, Ranking, RankingContext


def make_list(name: str, *item_ids: int, scores: list[float] | None = None, weight: float = 1.0) -> CandidateList:
    """Return a list of candidates, best first; scores fall from 1 where none are given."""
    falling = np.linspace(1.0, 0.1, num=len(item_ids)) if scores is None else np.array(scores, dtype=np.float64)
    ids = np.array(item_ids, dtype=np.int64)
    return CandidateList(name=name, weight=weight, item_ids=ids, scores=falling, evidence_ids=np.zeros_like(ids))


def make_context(lists: Sequence[CandidateList], *, history_length: int = 3) -> RankingContext:
    """Return what the pipeline would tell of ``lists``; a strategy's scores are those of its list, NaN elsewhere."""
    ids = merge_ids(lists)
    scores = np.full((len(ids), len(lists)), np.nan, dtype=np.float32)
    for column, entry in enumerate(lists):
        known = dict(zip(entry.item_ids.tolist(), entry.scores.tolist(), strict=True))
        given = np.array([known.get(item_id, np.nan) for item_id in ids.tolist()])
        with np.errstate(over="ignore"):
            scores[:, column] = given.astype(np.float32)
    scores[~np.isfinite(scores)] = np.nan
    names = tuple(entry.name for entry in lists)
    return RankingContext(history_length=history_length, item_ids=ids, scores=scores, names=names)


def make_random_lists(seed: int) -> list[CandidateList]:
    """Return up to four lists of up to thirty items that overlap, with scores of very different scales."""
    dice = np.random.default_rng(seed)
    lists = []
    for place in range(dice.integers(5)):
        ids = dice.permutation(40)[: dice.integers(31)]
        scores = np.sort(dice.choice([1e-9, 1.0, 1e9]) * dice.integers(-9, 10, size=len(ids)))[::-1]
        lists.append(make_list(f"list{place}", *ids.tolist(), scores=scores.tolist(), weight=float(dice.random())))
    return lists


class RankerContract(ComponentContract):
    """The tests that every ranker passes; put them to yours so::

        class TestMine(RankerContract):
            component = MyRanker
            options = {"k": 10.0}

    ``options`` are plain JSON values.
    """

    def build(self) -> Ranker:
        """Build the ranker from plain option values."""
        built: Ranker = self.construct(self.options)
        return built

    def rank(self, lists: list[CandidateList]) -> Ranking:
        """Build the ranker and have it rank ``lists``."""
        return self.build().rank(lists, make_context(lists))

    @pytest.mark.parametrize("lists", [[], [make_list("a")], [make_list("a"), make_list("b")]])
    def test_nothing_gives_nothing(self, lists: list[CandidateList]) -> None:
        ranking = self.rank(lists)
        assert ranking.item_ids.shape == ranking.scores.shape == (0,)

    def test_a_list_alone_keeps_its_order(self) -> None:
        assert self.rank([make_list("a", 5, 3, 9)]).item_ids.tolist() == [5, 3, 9]

    def test_ties_go_by_the_order_of_lists_and_places(self) -> None:
        level = [make_list("a", 9, 4, scores=[1.0, 1.0]), make_list("b", 2, 7, scores=[1.0, 1.0])]
        ids = self.rank(level).item_ids.tolist()
        assert ids.index(9) < ids.index(2)
        assert ids.index(4) < ids.index(7)

    def test_an_item_that_two_lists_propose_gains(self) -> None:
        lists = [make_list("a", 1, 2, 3, 6), make_list("b", 4, 2, 5, 7)]
        assert self.rank(lists).item_ids[0] == 2

    @pytest.mark.parametrize("seed", range(20))
    def test_distinct_items_of_the_lists_come_best_first(self, seed: int) -> None:
        lists = make_random_lists(seed)
        before = [entry.item_ids.copy() for entry in lists]
        ranking = self.rank(lists)
        proposed = {item for entry in lists for item in entry.item_ids.tolist()}
        assert len(ranking.item_ids) == len(proposed)
        assert set(ranking.item_ids.tolist()) == proposed
        assert np.isfinite(ranking.scores).all()
        assert (np.diff(ranking.scores) <= 0).all()
        again = self.rank(lists)
        assert again.item_ids.tolist() == ranking.item_ids.tolist()
        assert again.scores.tolist() == ranking.scores.tolist()
        for entry, ids in zip(lists, before, strict=True):
            np.testing.assert_array_equal(entry.item_ids, ids)

    @pytest.mark.parametrize("score", [float("nan"), float("inf"), float("-inf")])
    def test_a_score_that_is_not_finite_is_refused_by_name(self, score: float) -> None:
        with pytest.raises(ValueError, match=r"mine.*item 8.*finite"):
            self.rank([make_list("mine", 7, 8, scores=[1.0, score])])

    def test_huge_and_tiny_scores_stay_finite(self) -> None:
        lists = [make_list("a", 1, 2, 3, scores=[1.7e308, 0.0, -1.7e308]), make_list("b", 2, 4, scores=[5e-324, 0.0])]
        assert np.isfinite(self.rank(lists).scores).all()
