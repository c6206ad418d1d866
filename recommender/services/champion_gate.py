"""The gate between a candidate and its promotion: the active model gives way to what is not worse."""

from dataclasses import dataclass

from recommender.conf import get_conf
from recommender.models import TrainedModel
from recommender.services.held_out import METRICS
from recommender.services.promotion import PromotionError, promote_model

State = TrainedModel.State


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a candidate may go live by itself: ``code`` names the case, ``reason`` says it in English."""

    code: str
    promotes: bool
    reason: str


def judge_candidate(model: TrainedModel) -> Judgement:
    """Return whether a model may take the place of the active one by itself, from what its run has measured."""
    champion = TrainedModel.objects.filter(
        catalog_id=model.catalog_id, learner=model.learner, state=State.ACTIVE
    ).first()
    if champion is None or champion.pk == model.pk:
        return Judgement("no_champion", True, "no other version is active")
    if champion.trained_until and model.trained_until and champion.trained_until > model.trained_until:
        return Judgement("outdated", False, f"{champion} is active and has learned from later interactions")
    if not model.measure:
        return Judgement("not_measured", True, "it was not to be measured")
    if model.shape == TrainedModel.Shape.SCORES:
        return Judgement("scores", True, "scores are the same for everybody, and are not held against each other")
    return _judge_figures(model, champion)


def record_judgement(model: TrainedModel) -> Judgement:
    """Judge a model and write the verdict to its figures."""
    judgement = judge_candidate(model)
    model.metrics["judgement"] = judgement.code
    model.save(update_fields=["metrics"])
    return judgement


def promote_judged(model_id: int, *, force: bool = False) -> TrainedModel:
    """Promote a model by hand: raises PromotionError for a candidate that is worse, unless ``force`` overrides it."""
    model = TrainedModel.objects.get(pk=model_id)
    if model.state == State.CANDIDATE and not force:
        judgement = judge_candidate(model)
        if judgement.code == "worse":
            raise PromotionError(f"{model} is not promoted: {judgement.reason}")
    return promote_model(model_id)


def _judge_figures(model: TrainedModel, champion: TrainedModel) -> Judgement:
    figures = model.metrics
    if "held_out_error" in figures:
        return Judgement("unmeasurable", False, f"it could not be measured: {figures['held_out_error']}")
    if not figures.get("held_out_cases"):
        return Judgement("no_cases", True, "there are no held-out interactions to measure it on")
    if "champion" not in figures:
        return Judgement("no_comparison", True, f"{champion} could not be measured")
    if figures["champion"] != champion.pk:
        return Judgement("other_champion", False, f"{champion} has become active since it was measured")
    low, high = figures["champion_difference_interval"]
    told = (
        f"{METRICS[0]} {figures[f'held_out_{METRICS[0]}']:.4f} against {figures[f'champion_{METRICS[0]}']:.4f} "
        f"of {champion} (difference {low:+.4f} to {high:+.4f}, p = {figures['champion_p']:.3f})"
    )
    if figures["champion_difference"] < 0 and figures["champion_p"] < get_conf().worse_below:
        return Judgement("worse", False, f"it is worse: {told}")
    return Judgement("no_worse", True, f"it is not worse: {told}")
