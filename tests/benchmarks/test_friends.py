"""The friends benchmark: circles with a known answer, and that it ranks people as the SQL does."""

from __future__ import annotations

import gzip
import json
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.lines import FileError
from benchmarks.friends import (
    Circle,
    blend,
    main,
    make_graph,
    measure_people,
    read_circle,
    share_cosine,
    share_friends,
    share_rare,
    split_pairs,
)
from profiles.models import Friendship, Interaction
from recommender.readers.people import TASTE_WEIGHT, read_people
from tests.recommender.worlds import NOW, make_profile, make_world

PLAYS = "user\titem\tn\n1\ta\t3\n1\tb\t1\n2\ta\t9\n2\tb\t1\n3\tc\t5\n"


def write(folder: Path, plays: str = PLAYS, friends: str = "user\tfriend\n1\t2\n2\t1\n4\t3\n") -> tuple[Path, Path]:
    paths = folder / "plays.dat.gz", folder / "friends.dat"
    paths[0].write_bytes(gzip.compress(plays.encode()))
    paths[1].write_text(friends)
    return paths


def test_a_circle_has_everybody_and_each_friendship_once(tmp_path: Path) -> None:
    circle = read_circle(*write(tmp_path))
    assert (len(circle), circle.likes.toarray().tolist()) == (4, [[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]])
    assert circle.pairs.tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("friends", "told"),
    [
        ("user\tfriend\n1\t2\n3\n", "line 3: not two names"),
        ("user\tfriend\n1\t\n", "line 2: not two names"),
        ("user\tfriend\n1\t2\n2\t2\n", "line 3: both are one person"),
        ("user\tfriend\n", "no line below the header"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, friends: str, told: str) -> None:
    with pytest.raises(FileError, match=told):
        read_circle(*write(tmp_path, friends=friends))


def test_taste_and_friends_are_counted_as_by_hand() -> None:
    circle = Circle(likes=_matrix([[1, 1, 0], [1, 1, 0], [1, 0, 1]]), pairs=np.array([[0, 1], [0, 2]]))
    graph = make_graph(circle.pairs, people=3)
    np.testing.assert_allclose(share_rare(circle.likes)[0], [3**-0.5 + 2**-0.5, 3**-0.5 + 2**-0.5, 3**-0.5])
    np.testing.assert_allclose(share_cosine(circle.likes)[0], [1.0, 1.0, 0.5])
    np.testing.assert_allclose(share_friends(graph)[1], [0.0, 1 / np.log(2), 1 / np.log(2)])


def test_a_perfect_ranking_is_perfect_and_one_that_says_nothing_is_chance() -> None:
    people = 60
    hidden = np.array([[number, number + 1] for number in range(0, people, 2)])
    graph = np.zeros((people, people))
    best = measure_people(make_graph(hidden, people=people), graph, hidden)
    assert best == {"auc": 1.0, "recall@20": 1.0, "ndcg@20": 1.0}
    assert measure_people(np.zeros((people, people)), graph, hidden)["auc"] == pytest.approx(0.5)


def test_known_friends_are_not_ranked_and_hidden_ones_are_not_known() -> None:
    pairs = np.array([[one, other] for one in range(20) for other in range(one)])[:, ::-1]
    known, hidden = split_pairs(pairs, share=0.25, seed=3)
    assert (len(known), len(hidden)) == (142, 48)
    assert {tuple(pair) for pair in known} | {tuple(pair) for pair in hidden} == {tuple(pair) for pair in pairs}
    assert (split_pairs(pairs, share=0.25, seed=3)[1] == hidden).all()
    graph = make_graph(known, people=21)  # whoever is no known friend is a hidden one, but for a stranger
    assert measure_people(np.zeros((21, 21)), graph, hidden)["recall@20"] == 1.0


@pytest.mark.django_db
def test_people_are_ranked_as_sql_ranks_them() -> None:
    dice = np.random.default_rng(4)
    likes = dice.random((40, 30)) < dice.random(30)[None] ** 2
    pairs = np.argwhere(np.triu(dice.random((40, 40)) < 0.08, 1))
    world = make_world(*(f"i{number}" for number in range(30)))
    people = [make_profile(world, f"p{number}") for number in range(40)]
    Interaction.objects.bulk_create(
        Interaction(
            catalog=world.catalog,
            profile=people[row],
            item=world.items[f"i{column}"],
            kind="like",
            occurred_at=NOW - timedelta(days=1),
        )
        for row, column in np.argwhere(likes)
    )
    Friendship.objects.bulk_create(
        Friendship(catalog=world.catalog, first=people[one], second=people[other]) for one, other in pairs
    )
    circle, graph = Circle(_matrix(likes), pairs), make_graph(pairs, people=40)
    scores = blend(share_rare(circle.likes), share_friends(graph), graph, weight=TASTE_WEIGHT)

    for row, person in enumerate(people):
        found = read_people(world.catalog.pk, profile_id=person.pk, now=NOW, space=None, limit=40)
        expected = {f"p{column}": score for column, score in enumerate(scores[row]) if score > 0}
        assert {match.key: match.score for match in found} == pytest.approx(expected)


def test_the_command_prints_and_writes_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = np.random.default_rng(1)
    plays = "u\ti\n" + "".join(f"{u}\t{dice.integers(12)}\n" for u in range(30) for _ in range(5))
    friends = "u\tf\n" + "".join(f"{u}\t{(u + step) % 30}\n" for u in range(30) for step in (1, 2, 3))
    paths = write(tmp_path, plays, friends)
    out = tmp_path / "out.json"
    arguments = ["--plays", str(paths[0]), "--friends", str(paths[1]), "--splits", "1", "--json", str(out)]
    monkeypatch.setattr(sys, "argv", ["friends", *arguments])

    main()

    rows = {row["name"]: row for row in json.loads(out.read_text())["rows"]}
    assert rows["friends of friends (Adamic-Adar) *"]["auc"] > 0.8  # a ring is all triangles
    assert "blend, as served *" in rows
    assert "hide 20%" in capsys.readouterr().out


def _matrix(rows: object) -> object:
    from scipy.sparse import csr_matrix

    return csr_matrix(np.asarray(rows, dtype=np.float64))
