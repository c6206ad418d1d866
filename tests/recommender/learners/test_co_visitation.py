"""The co-visitation learner: what people go on to."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from recommender.learners import transitions
from recommender.learners.co_visitation import CoVisitation, CoVisitationOptions
from recommender.testing.datasets import FIRST_ITEM, Row, make_dataset, make_random_rows
from recommender.testing.learners import LearnerContract, read_neighbours

A, B, C, D = range(4)
HOUR = 1 / 24


def learn(rows: list[Row], *, items: int, until: float | None = None, **options: Any) -> dict[int, dict[int, float]]:
    dataset = make_dataset(rows, items=items, until=until)
    found = read_neighbours(CoVisitation(CoVisitationOptions(**options)).train(dataset, progress=lambda done: None))
    return {
        source - FIRST_ITEM: {target - FIRST_ITEM: weight for target, weight in row.items()}
        for source, row in found.items()
    }


def walk(profile: int, *items: int, start: float = 0.0) -> list[Row]:
    return [(profile, item, start + step * HOUR) for step, item in enumerate(items)]


class TestContract(LearnerContract):
    component = CoVisitation


class TestShortLists(LearnerContract):
    component = CoVisitation
    options = {"neighbours": 1, "window": 1, "backward": 0.0}


def test_a_chain_leads_to_the_next_first() -> None:
    rows = [row for person in range(5) for row in walk(person, A, B, C)]
    found = learn(rows, items=4)
    assert list(found[A]) == [B, C]
    assert list(found[B]) == [C, A]
    assert list(found[C]) == [B, A]
    assert D not in found


def test_without_the_way_back_a_chain_runs_one_way() -> None:
    found = learn([row for person in range(5) for row in walk(person, A, B, C)], items=3, backward=0.0)
    assert {source: list(row) for source, row in found.items()} == {A: [B, C], B: [C]}


def test_two_clusters_stay_apart() -> None:
    dice = np.random.default_rng(0)
    rows = [
        row
        for person in range(40)
        for row in walk(person, *(dice.permutation(5) + 5 * (person % 2)).tolist(), start=float(person))
    ]
    found = learn(rows, items=10)
    assert set(found) == set(range(10))
    for source, row in found.items():
        assert {target // 5 for target in row} == {source // 5}


def test_the_weight_of_one_transition_is_the_formula() -> None:
    rows: list[Row] = [(0, A, 0.0, 0.5), (0, B, 3.0, 0.8), (1, D, 10.0, 1.0)]
    found = learn(rows, items=4, gap_half_life_days=6.0, half_life_days=14.0, shrinkage=1.0, popularity_exponent=0.5)
    transition = math.sqrt(float(np.float32(0.5)) * float(np.float32(0.8))) * 0.5 ** (3 / 6) * 0.5 ** (7 / 14)
    assert found == {
        A: {B: pytest.approx(transition / (2.0 * 2.0**0.5))},
        B: {A: pytest.approx(transition / 2 / 2**1.5)},
    }


def test_steps_fade() -> None:
    found = learn([(0, item, 0.0) for item in range(4)], items=4, step_decay=0.5, backward=0.0, window=2)
    assert found[A][B] == pytest.approx(2 * found[A][C])
    assert D not in found[A]


def test_a_loop_of_one_person_is_one_voice() -> None:
    once = learn(walk(0, A, B) + walk(1, C, D), items=4, backward=0.0, half_life_days=1e6)
    looped = learn(walk(0, *[A, B] * 50) + walk(1, C, D), items=4, backward=0.0, half_life_days=1e6)
    assert looped[A][B] == pytest.approx(once[A][B], rel=1e-3)
    assert looped[A][B] == pytest.approx(looped[C][D], rel=1e-3)


def test_repeats_in_a_row_are_one_visit() -> None:
    found = learn(walk(0, A, A, A, A, A, A, A, B), items=2, window=1, backward=0.0)
    assert found.keys() == {A}


def test_histories_do_not_run_into_each_other() -> None:
    assert learn([*walk(0, A), *walk(1, B)], items=2) == {}


def test_a_dislike_leads_nowhere() -> None:
    assert learn([(0, A, 0.0), (0, B, 1.0, -1.0), (0, C, 2.0)], items=3, backward=0.0) == {A: {C: pytest.approx(
        learn([(0, A, 0.0), (0, C, 2.0)], items=3, backward=0.0)[A][C]
    )}}  # fmt: skip


def test_popular_targets_are_held_back() -> None:
    crowd = [row for person in range(100, 200) for row in walk(person, C)]
    rows = [row for person in range(5) for row in walk(person, A, B)] + [
        row for person in range(5, 11) for row in walk(person, A, C)
    ]
    assert list(learn(rows + crowd, items=3, popularity_exponent=0.0)[A]) == [C, B]
    assert list(learn(rows + crowd, items=3, popularity_exponent=1.0)[A]) == [B, C]


def test_only_the_strongest_are_kept() -> None:
    rows = make_random_rows(1)
    full, short = learn(rows, items=20), learn(rows, items=20, neighbours=3)
    assert short == {source: dict(list(row.items())[:3]) for source, row in full.items()}


def test_later_rows_change_nothing_that_was_learned_before() -> None:
    rows = make_random_rows(5)
    early = [row for row in rows if row[2] <= 50.0]
    assert learn(rows, items=20, until=50.0) == learn(early, items=20, until=50.0)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("block", [1, 500, 2_000_000])
def test_it_is_what_a_slow_loop_says(monkeypatch: pytest.MonkeyPatch, seed: int, block: int) -> None:
    monkeypatch.setattr(transitions, "BLOCK_PAIRS", block)
    rows = make_random_rows(seed)
    options = CoVisitationOptions(window=3, step_decay=0.7, backward=0.4, gap_half_life_days=5.0, half_life_days=40.0)
    found = learn(rows, items=20, window=3, step_decay=0.7, backward=0.4, gap_half_life_days=5.0, half_life_days=40.0)
    expected = learn_slowly(rows, options)
    assert found.keys() == expected.keys()
    for source, row in expected.items():
        assert found[source] == pytest.approx(row, rel=1e-6)


def learn_slowly(rows: list[Row], options: CoVisitationOptions) -> dict[int, dict[int, float]]:
    newest = max(row[2] for row in rows)
    people: dict[int, set[int]] = {}
    histories: dict[int, list[list[float]]] = {}
    for profile, item, day, strength in sorted(rows, key=lambda row: (row[0], row[2])):  # type: ignore[misc]
        if strength <= 0:
            continue
        people.setdefault(item, set()).add(profile)
        history = histories.setdefault(profile, [])
        if history and history[-1][0] == item:
            history[-1] = [item, day, max(strength, history[-1][2])]
        else:
            history.append([item, day, strength])
    voices: dict[tuple[int, int], dict[int, float]] = {}
    for profile, history in histories.items():
        for place, (first, day, strength) in enumerate(history):
            for step, (second, later, other) in enumerate(history[place + 1 : place + 1 + options.window]):
                if first == second:
                    continue
                weight = options.step_decay**step * math.sqrt(strength * other)
                weight *= 0.5 ** ((later - day) / options.gap_half_life_days)
                weight *= 0.5 ** ((newest - later) / options.half_life_days)
                for pair, scaled in (((first, second), weight), ((second, first), weight * options.backward)):
                    spoken = voices.setdefault(pair, {})  # type: ignore[arg-type]
                    spoken[profile] = max(spoken.get(profile, 0.0), scaled)
    learned: dict[int, dict[int, float]] = {}
    for (source, target), spoken in voices.items():
        base = len(people[source]) + options.shrinkage
        held = (len(people[target]) + options.shrinkage) ** options.popularity_exponent
        learned.setdefault(source, {})[target] = sum(spoken.values()) / (base * held)
    return learned
