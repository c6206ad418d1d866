"""The contract of re-rankers as tests: inherit RerankerContract and say how to build yours."""

import numpy as np
import pytest

from catalog.testing.components import ComponentContract
from recommender.records import FloatMatrix, Ranking
from recommender.reranking import Reranker


def make_ranking(*scores: float) -> Ranking:
    """Return a ranking with these scores; the items are 1, 2, …"""
    return Ranking(np.arange(1, len(scores) + 1, dtype=np.int64), np.array(scores, dtype=np.float64))


def make_random_pool(seed: int) -> tuple[Ranking, FloatMatrix]:
    """Return a ranking of up to forty items with unit vectors, zero rows and twins among them."""
    dice = np.random.default_rng(seed)
    count = int(dice.integers(1, 41))
    vectors = dice.normal(size=(count, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[dice.random(count) < 0.2] = 0.0
    if count > 3:
        vectors[2] = vectors[1]
    return make_ranking(*np.sort(dice.random(count))[::-1]), vectors.astype(np.float32)


class RerankerContract(ComponentContract):
    """The tests that every re-ranker passes; put them to yours so::

        class TestMine(RerankerContract):
            component = MyReranker
            options = {"depth": 3}

    ``options`` are plain JSON values.
    """

    def build(self) -> Reranker:
        """Build the re-ranker from plain option values."""
        built: Reranker = self.construct(self.options)
        return built

    def test_nothing_gives_nothing(self) -> None:
        empty = np.empty((0, 6), dtype=np.float32)
        assert self.build().rerank(make_ranking(), vectors=empty, diversity=0.5, size=5).tolist() == []
        assert self.build().rerank(make_ranking(), vectors=None, diversity=0.5, size=5).tolist() == []

    @pytest.mark.parametrize("seed", range(10))
    def test_without_diversity_the_rankings_order_stands(self, seed: int) -> None:
        ranking, vectors = make_random_pool(seed)
        chosen = self.build().rerank(ranking, vectors=vectors, diversity=0.0, size=10)
        assert chosen.tolist() == list(range(min(10, len(ranking.item_ids))))

    @pytest.mark.parametrize("seed", range(10))
    @pytest.mark.parametrize("diversity", [0.0, 0.3, 1.0])
    def test_it_chooses_distinct_positions_up_to_the_size(self, seed: int, diversity: float) -> None:
        ranking, vectors = make_random_pool(seed)
        copies = ranking.item_ids.copy(), ranking.scores.copy(), vectors.copy()
        for given in (vectors, None):
            for size in (0, 1, 7, 100):
                chosen = self.build().rerank(ranking, vectors=given, diversity=diversity, size=size)
                assert len(chosen) == len(set(chosen.tolist())) == min(size, len(ranking.item_ids))
                assert set(chosen.tolist()) <= set(range(len(ranking.item_ids)))
                again = self.build().rerank(ranking, vectors=given, diversity=diversity, size=size)
                assert again.tolist() == chosen.tolist()
        for array, copy in zip((ranking.item_ids, ranking.scores, vectors), copies, strict=True):
            np.testing.assert_array_equal(array, copy)

    def test_equal_scores_and_no_vectors_are_no_error(self) -> None:
        zeros = np.zeros((4, 6), dtype=np.float32)
        chosen = self.build().rerank(make_ranking(1.0, 1.0, 1.0, 1.0), vectors=zeros, diversity=0.7, size=4)
        assert sorted(chosen.tolist()) == [0, 1, 2, 3]
