"""The commands `train` and `models`."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from kombu.exceptions import OperationalError

from catalog.models import Catalog
from recommender import tasks
from recommender.models import ItemScore, TrainedModel
from recommender.services.training import start_training
from tests.recommender.chain_world import follow as follow
from tests.recommender.chain_world import make_ring
from tests.recommender.logs import make_catalog, make_items, make_profiles, record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "240")  # room for the table
    catalog = make_catalog()
    items, profiles = make_items(catalog, 3), make_profiles(catalog, 2)
    for profile in profiles:
        for hour, item in enumerate(items):
            record(profile, item, at=hour)


def run(*arguments: str) -> str:
    out, err = StringIO(), StringIO()
    call_command(*arguments, "--catalog", "books", stdout=out, stderr=err)
    return out.getvalue()


def test_it_trains_a_candidate_and_prints_its_figures() -> None:
    text, measured = run("train", "popular").splitlines(keepends=True)
    model = TrainedModel.objects.get()
    assert text.startswith(f"popular #{model.pk}: 3 rows from 6 interactions of 2 profiles with 3 items; load ")
    assert text.endswith("; candidate\n")
    assert measured.startswith("held out: ndcg@10 ")
    assert measured.endswith(" s\n")
    assert (model.state, ItemScore.objects.count()) == ("candidate", 3)


def test_it_promotes_where_asked() -> None:
    assert run(
        "train", "co_visitation", "--option", "window=2", "--option", "backward=0", "--promote", "--no-measure"
    ).endswith("active\n")
    model = TrainedModel.objects.get()
    assert (model.state, model.options["window"], model.options["backward"]) == ("active", 2, 0.0)


def test_it_leaves_the_training_to_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    monkeypatch.setattr(tasks.train_model_run, "apply_async", lambda args, named, **_: sent.append((args, named)))
    run("train", "popular", "--queue", "--promote")
    model = TrainedModel.objects.get()
    assert sent == [((model.pk,), {})]
    assert (model.state, model.promote_when_trained, model.measure) == ("training", True, True)


def test_a_training_that_no_broker_takes_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.train_model_run, "apply_async", refuse)
    with pytest.raises(CommandError, match=r"No broker \(connection refused\)"):
        run("train", "popular", "--queue")
    assert not TrainedModel.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch"], "learners: no 'nosuch'"),
        (["popular", "--option", "half_life_days=soon"], "option 'half_life_days': must be a number, not 'soon'"),
        (["popular", "--option", "half_life_days=-3"], "must be at least 0.01"),
        (["popular", "--option", "depth=3"], "option 'depth': unknown"),
        (["popular", "--option", "half_life_days"], "option 'half_life_days': write name=value"),
    ],
)
def test_a_wrong_word_is_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("train", *arguments)
    assert not TrainedModel.objects.exists()


def test_an_unknown_catalog_is_one_line() -> None:
    for command in (["train", "popular"], ["models"]):
        with pytest.raises(CommandError, match="no catalog 'nosuch'"):
            call_command(*command, "--catalog", "nosuch", stdout=StringIO())


def test_a_failed_training_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **named: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("recommender.services.training.load_dataset", fail)
    with pytest.raises(CommandError, match=r"popular #\d+ failed: OSError: the disk is full"):
        run("train", "popular", "--promote")
    assert TrainedModel.objects.get().state == "failed"


def test_models_are_listed_promoted_and_rolled_back() -> None:
    run("train", "popular", "--promote")
    run("train", "popular")
    first, second = TrainedModel.objects.order_by("pk")
    assert [line.split("│")[1].strip() for line in run("models").splitlines() if "popular" in line] == [
        str(second.pk),
        str(first.pk),
    ]
    run("models", "--promote", str(second.pk))
    first.refresh_from_db()
    assert first.state == "retired"
    run("models", "--roll-back", "popular")
    first.refresh_from_db()
    assert first.state == "active"


def test_what_cannot_be_promoted_is_one_line() -> None:
    with pytest.raises(CommandError, match="no model 999999 in catalog 'books'"):
        run("models", "--promote", "999999")
    with pytest.raises(CommandError, match="no version of popular is active"):
        run("models", "--roll-back", "popular")
    with pytest.raises(CommandError, match="no model 999999 in catalog 'books'"):
        run("models", "--cancel", "999999")


def test_a_run_is_cancelled_and_what_is_over_is_not() -> None:
    catalog = Catalog.objects.get()
    waiting = start_training(catalog.pk, learner="popular")
    assert "cancelled" in run("models", "--cancel", str(waiting.pk))
    assert "cancelled" in run("models", "--cancel", str(waiting.pk))
    run("train", "popular")
    done = TrainedModel.objects.get(state="candidate")
    with pytest.raises(CommandError, match="is candidate; only what is still training can be cancelled"):
        run("models", "--cancel", str(done.pk))


def test_held_out_figures_are_printed_and_keep_a_worse_one_from_going_live(follow: object) -> None:
    Catalog.objects.all().delete()
    make_ring()
    text = run("train", "follow", "--promote")
    assert "; active\nheld out: ndcg@10 1.0000 (1.0000 to 1.0000) for 24 people, time:0.9; measured in " in text
    text = run("train", "follow", "--option", "step=7", "--promote")
    assert "; candidate\nheld out: ndcg@10 0.0000 " in text
    assert "\nnot promoted: it is worse: ndcg@10 0.0000 against 1.0000 of follow #" in text
    bad = TrainedModel.objects.get(state="candidate")
    assert "│ it is worse " in run("models")
    with pytest.raises(CommandError, match="is not promoted: it is worse"):
        run("models", "--promote", str(bad.pk))
    run("models", "--promote", str(bad.pk), "--force")
    bad.refresh_from_db()
    assert bad.state == "active"


def test_a_worse_one_is_put_live_by_force_and_an_unmeasured_one_without(follow: object) -> None:
    Catalog.objects.all().delete()
    make_ring()
    run("train", "follow", "--promote")
    assert "; active\n" in run("train", "follow", "--option", "step=7", "--promote", "--force")
    assert run("train", "follow", "--no-measure", "--promote").endswith("; active\n")
    with pytest.raises(CommandError, match="--force goes with --promote"):
        run("train", "follow", "--force")
