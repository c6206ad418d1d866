"""The demo's home page is tuned once: what serves it then beats each strategy alone on people held out."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console

from catalog.models import Catalog
from recommender.management.commands._tunings import print_tuning
from recommender.models import Evaluation, FittedRanking
from recommender.services.training_locks import TrainingUnderWayError
from recommender.services.tuning_runs import PROTOCOL, start_tuning
from recommender.tasks import tune_placement
from recsite.demo.setup import make_progress

PLACEMENT = "home"
OPTIONS: dict[str, Any] = {
    "budget_seconds": 30.0,
    "cases": 2000,
    # The times of the demo's ratings are invented (see ATTRIBUTION.md): a cut in time would pretend to an order.
    "protocol": "random-per-profile:0.8",
    "learners": ["popular", "ease", "rp3beta", "item_knn", "user_knn"],
}


def is_tuned(catalog: Catalog) -> bool:
    """Whether the placement has been tuned, whatever an editor has made of it since."""
    return FittedRanking.objects.filter(placement__catalog=catalog, placement__key=PLACEMENT).exists()


def tune_home(catalog: Catalog, console: Console, wait: Callable[[], None]) -> None:
    """Have the worker tune the placement, unless that is done; `wait` raises once the worker is gone."""
    if is_tuned(catalog):
        return
    run = _begin(catalog)
    with make_progress(console, counts=False) as progress:
        bar = progress.add_task(f"Tuning {PLACEMENT}", total=1.0)
        while run.state == Evaluation.State.RUNNING:
            wait()
            found = Evaluation.objects.filter(pk=run.pk).first()
            if found is None:
                raise CommandError(f"tuning {PLACEMENT}: somebody has stopped it; another run begins anew")
            run = found
            progress.update(bar, completed=run.progress)
    if run.state != Evaluation.State.DONE:
        raise CommandError(f"tuning {PLACEMENT}: {run.error or run.state}")


def _begin(catalog: Catalog) -> Evaluation:
    """A run for the worker, or the one that it is at already: that of an earlier demo, whose message came again."""
    try:
        run = start_tuning(catalog.pk, placement=PLACEMENT, options=OPTIONS)
    except TrainingUnderWayError as error:
        runs = Evaluation.objects.filter(catalog=catalog, placement__key=PLACEMENT, protocol=PROTOCOL)
        under_way = runs.filter(state=Evaluation.State.RUNNING).first()
        if under_way is None:
            raise CommandError(str(error)) from error
        return under_way
    tune_placement.delay(run.pk)
    return run


def show_tuning(catalog: Catalog, console: Console) -> None:
    """Print what the placement in use was measured to do on the people whom nothing was chosen by."""
    rankings = FittedRanking.objects.filter(placement__catalog=catalog, placement__key=PLACEMENT)
    active = rankings.filter(state=FittedRanking.State.ACTIVE).first()
    if active is not None and "report" in active.metrics:
        console.rule(f"What {PLACEMENT} serves, measured on readers it was not chosen by")
        print_tuning(console, active.metrics["report"])
