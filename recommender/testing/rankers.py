"""The contracts of rankers as tests: inherit RankerContract, or FittedRankerContract, and say how to build yours."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from catalog.testing.components import ComponentContract
from recommender.ranking import FittedArraysError, Ranker
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


class FittedRankerContract(ComponentContract):
    """The tests that every fitted ranker passes; put them to yours so::

        class TestMine(FittedRankerContract):
            component = MyRanker
            names = ("list0", "list1", "list2", "list3")
            arrays = {"weights": np.ones((4,))}

    ``arrays`` are sound ones, as fitted to four strategies.
    """

    names: ClassVar[tuple[str, ...]] = ("list0", "list1", "list2", "list3")
    arrays: ClassVar[Mapping[str, NDArray[Any]]]

    def rank(self, lists: list[CandidateList], **changes: Any) -> Ranking:
        """Build the ranker and have it rank ``lists``, with ``changes`` to the context."""
        built: Ranker = self.construct(self.options)
        return built.rank(lists, replace(self.make_context(lists), **changes))

    def make_context(self, lists: list[CandidateList]) -> RankingContext:
        """Return the context of ``lists`` for the sources that the arrays were fitted to."""
        context = make_context(lists)
        scores = np.full((len(context.item_ids), len(self.names)), np.nan, dtype=np.float32)
        assert context.scores is not None
        for column, name in enumerate(context.names):
            scores[:, self.names.index(name)] = context.scores[:, column]
        return replace(context, scores=scores, names=self.names, arrays=self.arrays)

    def test_it_asks_for_what_was_fitted(self) -> None:
        """The pipeline reads this off the class."""
        assert getattr(self.find_component(), "fitted", False) is True

    @pytest.mark.parametrize("lists", [[], [make_list("list0")], [make_list("list0"), make_list("list3")]])
    def test_nothing_gives_nothing(self, lists: list[CandidateList]) -> None:
        """Without candidates there is an empty ranking."""
        ranking = self.rank(lists)
        assert ranking.item_ids.shape == ranking.scores.shape == (0,)

    @pytest.mark.parametrize("seed", range(20))
    def test_distinct_items_of_the_lists_come_best_first(self, seed: int) -> None:
        """All that was proposed, and nothing else; the same again, and nothing that was given has changed."""
        lists = make_random_lists(seed)
        before = {name: array.copy() for name, array in self.arrays.items()}
        ranking = self.rank(lists)
        proposed = {item for entry in lists for item in entry.item_ids.tolist()}
        assert len(ranking.item_ids) == len(proposed)
        assert set(ranking.item_ids.tolist()) == proposed
        assert np.isfinite(ranking.scores).all()
        assert (np.diff(ranking.scores) <= 0).all()
        assert self.rank(lists).item_ids.tolist() == ranking.item_ids.tolist()
        for name, array in before.items():
            np.testing.assert_array_equal(self.arrays[name], array)

    @pytest.mark.parametrize("history_length", [0, 1, 1000])
    def test_sources_that_say_nothing_do_no_harm(self, history_length: int) -> None:
        """A strategy that has gone leaves a column of NaN."""
        lists = [make_list("list1", 5, 3, 9)]
        silent = np.full((3, len(self.names)), np.nan, dtype=np.float32)
        ranking = self.rank(lists, scores=silent, history_length=history_length)
        assert sorted(ranking.item_ids.tolist()) == [3, 5, 9]
        assert np.isfinite(ranking.scores).all()

    def test_huge_scores_stay_finite(self) -> None:
        """Scores run up to the largest number of single precision."""
        lists = [make_list("list0", 1, 2, 3, scores=[3e38, 0.0, -3e38]), make_list("list1", 2, 4, scores=[1e-40, 0.0])]
        assert np.isfinite(self.rank(lists).scores).all()

    def test_arrays_that_do_not_fit_are_refused(self) -> None:
        """What was fitted to other sources, or is not there, is an error that the pipeline knows."""
        lists = [make_list("list0", 1, 2), make_list("list1", 2)]
        for name in self.arrays:
            with pytest.raises(FittedArraysError):
                self.rank(lists, arrays={key: array for key, array in self.arrays.items() if key != name})
        context = self.make_context(lists)
        assert context.scores is not None
        for scores, names in ((None, self.names), (context.scores[:, :-1], self.names[:-1])):
            with pytest.raises(FittedArraysError):
                self.rank(lists, scores=scores, names=names)
