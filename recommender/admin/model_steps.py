"""The steps of a trained model as buttons, each asked about before it is taken."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.model_admin import MadeOnceAdmin
from catalog.admin.shown import page_of
from catalog.admin.theme import button
from catalog.doorbell import NoBrokerError, ring_for
from catalog.extensions import OptionError, RegistryError
from recommender.models import TrainedModel
from recommender.services.cancelling import CancellingError, cancel_training
from recommender.services.champion_gate import judge_candidate, promote_judged
from recommender.services.promotion import PromotionError, roll_back_model
from recommender.services.training import start_training
from recommender.tasks import train_model_run

State = TrainedModel.State


def list_steps(model: TrainedModel) -> set[str]:
    """Return the names of the buttons that fit a model's state."""
    if model.state == State.TRAINING:
        return set() if model.cancel_requested else {"stop"}
    if model.state == State.ACTIVE:
        return {"roll_back", "train_again"}
    if model.state == State.RETIRED:
        return {"promote", "train_again"}
    if model.state == State.CANDIDATE:
        return {"promote_anyway" if judge_candidate(model).code == "worse" else "promote", "train_again"}
    return {"train_again"}


class ModelStepsAdmin(MadeOnceAdmin[TrainedModel]):
    """Promotes, rolls back, stops and trains again."""

    actions_detail = ("promote", "promote_anyway", "roll_back", "stop", "train_again")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what the model's state allows."""
        model = TrainedModel.objects.filter(pk=object_id).first()
        fitting = list_steps(model) if model else set()
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        return [entry for entry in buttons if entry.path in fitting]

    @button(description=_("Promote"), icon="rocket_launch", primary=True)
    def promote(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a model the active one of its learner."""
        question = gettext("Every recommendation will use it at once; the model before it is kept to go back to.")
        return self._promote(request, object_id, question=question, label=gettext("Promote"), force=False)

    @button(description=_("Promote anyway"), icon="warning")
    def promote_anyway(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a model active although it was found to be worse."""
        question = gettext(
            "On held-out interactions it is worse than the active model. Every recommendation would use it at once. "
            "Promote it all the same?"
        )
        return self._promote(request, object_id, question=question, label=gettext("Promote anyway"), force=True)

    @button(description=_("Roll back"), icon="undo")
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go back to the version that was active before."""
        model = TrainedModel.objects.get(pk=object_id)

        def run() -> str:
            return gettext("%(model)s is active.") % {"model": roll_back_model(model.catalog_id, learner=model.learner)}

        return self._ask(
            request,
            model,
            title=gettext("Roll back %(learner)s") % {"learner": model.learner},
            question=gettext("Make the version that was active before the present one active again?"),
            label=gettext("Roll back"),
            run=run,
        )

    @button(description=_("Stop training"), icon="stop_circle")
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Cancel a run."""
        model = TrainedModel.objects.get(pk=object_id)

        def run() -> str:
            if cancel_training(model.pk).state == State.TRAINING:
                return gettext("The worker ends it at its next step.")
            return gettext("%(model)s is cancelled.") % {"model": model}

        return self._ask(
            request,
            model,
            title=gettext("Stop training %(model)s") % {"model": model},
            question=gettext("Nothing of it will be published, and what it has done so far is lost."),
            label=gettext("Stop training"),
            run=run,
        )

    @button(description=_("Train now"), icon="model_training")
    def train_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Train a new version with the same options."""
        model = TrainedModel.objects.get(pk=object_id)

        def run() -> str:
            following = start_training(
                model.catalog_id, learner=model.learner, options=model.options, promote=True, measure=True
            )
            ring_for(train_model_run, following)
            return gettext("The worker has been asked to train it.")

        return self._ask(
            request,
            model,
            title=gettext("Train %(learner)s") % {"learner": model.learner},
            question=gettext(
                "Train a new version with the same options, and promote it when it is done, unless it is worse?"
            ),
            label=gettext("Train now"),
            run=run,
            back=f"{reverse('admin:recommender_trainedmodel_changelist')}?learner={model.learner}",
        )

    def _promote(self, request: HttpRequest, object_id: str, *, question: str, label: str, force: bool) -> HttpResponse:
        model = TrainedModel.objects.get(pk=object_id)

        def run() -> str:
            return gettext("%(model)s is active.") % {"model": promote_judged(model.pk, force=force)}

        title = gettext("Promote %(model)s") % {"model": model}
        return self._ask(request, model, title=title, question=question, label=label, run=run)

    def _ask(
        self,
        request: HttpRequest,
        model: TrainedModel,
        *,
        title: str,
        question: str,
        label: str,
        run: Callable[[], str],
        back: str = "",
    ) -> HttpResponse:
        return self.confirm(
            request,
            title=title,
            question=question,
            label=label,
            run=run,
            back=back or page_of(model),
            refused=(PromotionError, CancellingError, NoBrokerError, OptionError, RegistryError),
        )
