"""Evaluates a placement on its catalog's own log: what it would have recommended, against what people then chose."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils import timezone

from catalog.extensions import OptionError, describe_fault, dump_options, load_options
from recommender.evaluation.case_figures import join_facts, join_figures
from recommender.evaluation.placement_report import make_report
from recommender.evaluation.protocols import ProtocolError, parse_protocol
from recommender.learners import Progress
from recommender.learners.fits import ignore_progress
from recommender.models import Evaluation, Placement
from recommender.selectors import load_plan
from recommender.services.evaluation_runs import (
    BEGUN,
    EvaluationGoneError,
    EvaluationProgress,
    hold_evaluation,
    settle_dead_evaluations,
    write_progress,
)
from recommender.services.offline_items import group_by_category
from recommender.services.offline_sources import choose_learners
from recommender.services.placement_replay import describe_strategies, draw_cases, list_notes, measure_split
from recommender.services.training_progress import scale_progress
from recommender.training.loading import load_dataset

logger = logging.getLogger(__name__)

_MEASURED = 0.95
"""Share of the work that is done once all splits are measured."""


class EvaluationError(ValueError):
    """An evaluation cannot be started; ``field`` says which wish is wrong, and the message why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """How an evaluation is run."""

    k: int = field(default=10, metadata={"help": "Length of the lists.", "minimum": 1, "maximum": 100})
    cases: int = field(default=2000, metadata={"help": "Most people asked for; drawn at random.", "minimum": 1})
    seed: int = field(default=0, metadata={"help": "Seed of every draw.", "minimum": 0})


def check_evaluation(
    catalog_id: int, *, placement: str, protocol: str, options: Mapping[str, Any] | None = None
) -> tuple[Placement, EvaluationOptions]:
    """Return the placement and the options of an evaluation that can be started.

    Raises EvaluationError for an unknown placement, a protocol that says nothing or predicts ratings, bad options.
    """
    found = Placement.objects.filter(catalog_id=catalog_id, key="" if "\0" in placement else placement).first()
    if found is None:
        raise EvaluationError("placement", f"no placement {placement!r}")
    try:
        parsed = parse_protocol(protocol)
    except ProtocolError as error:
        raise EvaluationError("protocol", str(error)) from error
    if parsed.rates:
        raise EvaluationError("protocol", f"{protocol!r}: predicts ratings, which a placement does not")
    longest = Evaluation._meta.get_field("protocol").max_length or 0
    if len(protocol) > longest or "\0" in protocol:
        raise EvaluationError("protocol", f"{longest} characters at most, and none of them NUL")
    try:
        return found, load_options(EvaluationOptions, options or {})
    except OptionError as error:
        raise EvaluationError("options", str(error)) from error


def start_evaluation(
    catalog_id: int, *, placement: str, protocol: str = "time:0.9", options: Mapping[str, Any] | None = None
) -> Evaluation:
    """Make the row of an evaluation that is still to come; ``run_evaluation`` runs it.

    Raises EvaluationError as ``check_evaluation`` does.
    """
    found, loaded = check_evaluation(catalog_id, placement=placement, protocol=protocol, options=options)
    settle_dead_evaluations(catalog_id)
    return Evaluation.objects.create(
        catalog_id=catalog_id, placement=found, protocol=protocol, options=dump_options(loaded)
    )


def run_evaluation(evaluation_id: int, *, progress: Progress | None = None) -> Evaluation | None:
    """Run an evaluation and return it: done, or failed with the reason; None where it has been deleted meanwhile.

    One that is over is returned as it is, so running one twice changes nothing. Raises EvaluationUnderWayError while
    somebody else is at it.
    """
    with hold_evaluation(evaluation_id):
        evaluation = Evaluation.objects.select_related("placement").filter(pk=evaluation_id).first()
        if evaluation is None or evaluation.state != Evaluation.State.RUNNING:
            return evaluation
        try:
            write_progress(evaluation_id, BEGUN)
            report = _evaluate(evaluation, EvaluationProgress(evaluation_id, progress or ignore_progress))
        except EvaluationGoneError:
            logger.info("evaluation %s: is no longer wanted", evaluation_id)
        except BaseException as error:
            logger.error("evaluation %s failed", evaluation_id, exc_info=error)
            _finish(evaluation_id, state=Evaluation.State.FAILED, error=describe_fault(error))
            if not isinstance(error, Exception):
                raise
        else:
            _finish(evaluation_id, state=Evaluation.State.DONE, report=report, progress=1.0)
    return Evaluation.objects.filter(pk=evaluation_id).first()


def _finish(evaluation_id: int, **fields: Any) -> None:
    rows = Evaluation.objects.filter(pk=evaluation_id, state=Evaluation.State.RUNNING)
    rows.update(finished_at=timezone.now(), **fields)


def _evaluate(evaluation: Evaluation, progress: Progress) -> dict[str, Any]:
    """Return the report."""
    if evaluation.placement is None:
        raise EvaluationError("placement", "the placement has been deleted")
    begun = time.perf_counter()
    options = load_options(EvaluationOptions, evaluation.options)
    plan = load_plan(evaluation.catalog_id, evaluation.placement.key)
    dataset = load_dataset(evaluation.catalog_id, with_content=True)
    choices = choose_learners(plan)
    splits = list(parse_protocol(evaluation.protocol).make_splits(dataset, seed=options.seed))
    measured = [
        measure_split(
            plan,
            choices,
            replace(split, cases=draw_cases(split.cases, size=options.cases, seed=options.seed)),
            k=options.k,
            progress=scale_progress(
                progress, start=number / len(splits) * _MEASURED, stop=(number + 1) / len(splits) * _MEASURED
            ),
        )
        for number, split in enumerate(splits)
    ]
    report = make_report(
        measured[0].variants,
        [join_figures([part.figures[number] for part in measured]) for number in range(len(measured[0].variants))],
        join_facts([part.facts for part in measured]),
        items=len(dataset.item_ids),
        k=options.k,
        seed=options.seed,
        categories=group_by_category(evaluation.catalog_id, dataset.item_ids),
    )
    progress(1.0)
    return {
        "placement": plan.placement_key,
        "protocol": evaluation.protocol,
        "data": {
            "interactions": len(dataset),
            "profiles": len(dataset.profile_ids),
            "items": len(dataset.item_ids),
            "learned_from": sum(len(split.train) for split in splits),
            "people": sum(len(split.cases) for split in splits),
            "splits": len(splits),
        },
        **report,
        "strategies": describe_strategies(plan, choices),
        "notes": list_notes(plan),
        "seconds": {
            "training": {key: round(sum(part.seconds[key] for part in measured), 3) for key in measured[0].seconds},
            "all": round(time.perf_counter() - begun, 3),
        },
    }
