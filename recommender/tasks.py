"""The recommender's background tasks: ids in, a service called, counts out; running one twice changes nothing."""

from celery import shared_task

from recommender.services import profile_refresh
from recommender.services.evaluating import run_evaluation
from recommender.services.evaluation_runs import EvaluationUnderWayError
from recommender.services.interrupted import find_interrupted_runs
from recommender.services.retraining import put_live, start_due_trainings
from recommender.services.training import train_model
from recommender.services.training_locks import TrainingUnderWayError
from recommender.services.tuning_runs import run_tuning


@shared_task(autoretry_for=(TrainingUnderWayError,), retry_backoff=15, retry_backoff_max=600, max_retries=100)
def train_model_run(model_id: int, *, promote: bool = False) -> dict[str, int | str]:
    """Run one training and, where its row or ``promote`` asks for it, put the result live."""
    model = train_model(model_id)
    live = put_live(model_id, promote=promote)
    return {"model": model_id, "state": "active" if live else model.state}


@shared_task
def train_published_models() -> dict[str, int]:
    """Send out a training for each learner in use, and every one that was lost or interrupted."""
    due = start_due_trainings()
    for model_id in due:
        train_model_run.delay(model_id)
    return {"started": len(due)}


@shared_task
def train_interrupted_models() -> dict[str, int]:
    """Send out the trainings again whose workers have died."""
    interrupted = find_interrupted_runs()
    for model_id in interrupted:
        train_model_run.delay(model_id)
    return {"started": len(interrupted)}


@shared_task(autoretry_for=(EvaluationUnderWayError,), retry_backoff=60, max_retries=10)
def evaluate_placement(evaluation_id: int) -> dict[str, int | str]:
    """Run one evaluation of a placement on its catalog's log."""
    evaluation = run_evaluation(evaluation_id)
    return {"evaluation": evaluation_id, "state": evaluation.state if evaluation else "deleted"}


@shared_task(autoretry_for=(EvaluationUnderWayError,), retry_backoff=60, max_retries=10)
def tune_placement(evaluation_id: int) -> dict[str, int | str]:
    """Run one tuning of a placement, and put what it finds live."""
    tuning = run_tuning(evaluation_id)
    return {"evaluation": evaluation_id, "state": tuning.state if tuning else "deleted"}


@shared_task(ignore_result=True)
def refresh_recent_profile_vectors(catalog_id: int) -> int:
    """Refresh the query vectors of those who did something lately; return how many were behind."""
    return profile_refresh.refresh_recent_profile_vectors(catalog_id)


@shared_task(ignore_result=True)
def refresh_stale_profile_vectors(catalog_id: int | None = None) -> int:
    """Refresh all query vectors that are behind or missing, in one catalog or in all; return how many."""
    return profile_refresh.refresh_stale_profile_vectors(catalog_id)
