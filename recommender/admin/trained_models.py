"""Trained models: what each run of a learner made, and which one serves."""

from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import ComponentField, ComponentForm, ObjectField, list_components
from catalog.admin.filters import CATALOG
from catalog.admin.model_admin import MadeOnceAdmin
from catalog.admin.shown import NOTHING, page_of, show_bar, show_error, show_facts, show_label, show_link, show_time
from catalog.admin.theme import button
from catalog.doorbell import NoBrokerError, ring, try_to_ring
from catalog.extensions import OptionError
from recommender.learners import learners
from recommender.models import TrainedModel
from recommender.services.promotion import PromotionError, promote_model, roll_back_model
from recommender.services.training import start_training
from recommender.tasks import train_model_run

State = TrainedModel.State
TONES = {State.ACTIVE: "good", State.TRAINING: "busy", State.CANDIDATE: "plain", State.FAILED: "bad"}


class TrainingForm(ComponentForm[TrainedModel]):
    """What is to be trained; the worker builds and runs the learner."""

    learner = ComponentField(learners, label=_("learner"))
    options = ObjectField(label=_("options"), help_text=_("A JSON object; what is left out keeps its default."))
    promote = forms.BooleanField(label=_("promote when it is done"), required=False)
    option_fields: ClassVar[Any] = {"learner": "options"}

    class Meta:
        model = TrainedModel
        fields = ("catalog", "learner", "options")


@admin.register(TrainedModel)
class TrainedModelAdmin(MadeOnceAdmin[TrainedModel]):
    """Models are trained, promoted and rolled back to; never edited."""

    form = TrainingForm
    list_display = ("show_name", "catalog", "shape", "show_state", "show_progress", "show_figures", "show_made")
    list_filter = (CATALOG, "state", "shape")
    list_select_related = ("catalog",)
    search_fields = ("learner__startswith",)
    ordering = ("-id",)
    change_form_outer_before_template = "recsite/admin/components.html"
    actions_detail = ("promote", "roll_back", "train_again")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": (("learner", "catalog"), ("show_state", "shape"), "show_progress", "show_problem")}),
        (_("Options and figures"), {"fields": ("show_options", "show_metrics", "show_space")}),
        (_("Times"), {"fields": (("created_at", "finished_at"), ("trained_until", "promoted_at"))}),
    )
    add_fieldsets: ClassVar[Any] = ((None, {"fields": ("catalog", "learner", "options", "promote")}),)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what the model's state allows."""
        state = TrainedModel.objects.values_list("state", flat=True).filter(pk=object_id).first()
        hidden = set() if state == State.ACTIVE else {"roll_back"}
        if state not in (State.CANDIDATE, State.RETIRED):
            hidden.add("promote")
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        return [entry for entry in buttons if entry.path not in hidden]

    def has_delete_permission(self, request: HttpRequest, obj: TrainedModel | None = None) -> bool:
        """Leave the clearing up to the learner's own pruning."""
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the learners and their options above the form."""
        components = list_components([(_("Learners"), learners)])
        context = {"components": components, "title": _("Train a model"), **(extra_context or {})}
        return super().add_view(request, form_url, context)

    def save_model(self, request: HttpRequest, obj: TrainedModel, form: Any, change: bool) -> None:
        """Make the run as a command would, and have the worker begin."""
        if change:
            return
        run = start_training(obj.catalog_id, learner=obj.learner, options=obj.options)
        obj.pk, promote = run.pk, form.cleaned_data["promote"]
        otherwise = f"{run} waits for the periodic task, and is not promoted by itself"
        transaction.on_commit(partial(try_to_ring, train_model_run, run.pk, promote=promote, otherwise=otherwise))

    def response_add(self, request: HttpRequest, obj: TrainedModel, post_url_continue: Any = None) -> HttpResponse:
        """Go to the run's page, where its progress shows."""
        self.message_user(request, gettext("The worker has been asked to train it."))
        return HttpResponseRedirect(page_of(obj))

    @button(description=_("Promote"), icon="rocket_launch", primary=True)
    def promote(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a model the active one of its learner."""
        model = TrainedModel.objects.get(pk=object_id)

        def run() -> str:
            return gettext("%(model)s is active.") % {"model": promote_model(model.pk)}

        return self.confirm(
            request,
            title=gettext("Promote %(model)s") % {"model": model},
            question=gettext("Every recommendation will use it at once; the model before it is kept to go back to."),
            label=gettext("Promote"),
            run=run,
            back=page_of(model),
            refused=(PromotionError,),
        )

    @button(description=_("Roll back"), icon="undo")
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go back to the version that was active before."""
        model = TrainedModel.objects.get(pk=object_id)

        def run() -> str:
            return gettext("%(model)s is active.") % {"model": roll_back_model(model.catalog_id, learner=model.learner)}

        return self.confirm(
            request,
            title=gettext("Roll back %(learner)s") % {"learner": model.learner},
            question=gettext("Make the version that was active before the present one active again?"),
            label=gettext("Roll back"),
            run=run,
            back=page_of(model),
            refused=(PromotionError,),
        )

    @button(description=_("Train now"), icon="model_training")
    def train_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Train a new version with the same options."""
        model = TrainedModel.objects.get(pk=object_id)

        def run() -> str:
            following = start_training(model.catalog_id, learner=model.learner, options=model.options)
            try:
                ring(train_model_run, following.pk, promote=True)
            except NoBrokerError:
                following.delete()
                raise
            return gettext("The worker has been asked to train it.")

        return self.confirm(
            request,
            title=gettext("Train %(learner)s") % {"learner": model.learner},
            question=gettext("Train a new version with the same options, and promote it when it is done?"),
            label=gettext("Train now"),
            run=run,
            back=f"{reverse('admin:recommender_trainedmodel_changelist')}?learner={model.learner}",
            refused=(NoBrokerError, OptionError),
        )

    @admin.display(description=_("model"), ordering="learner")
    def show_name(self, model: TrainedModel) -> str:
        """Show learner and number."""
        return str(model)

    @admin.display(description=_("state"), ordering="state")
    def show_state(self, model: TrainedModel) -> SafeString:
        """Show the state."""
        return show_label(model.get_state_display(), TONES.get(State(model.state), "plain"))

    @admin.display(description=_("progress"))
    def show_progress(self, model: TrainedModel) -> SafeString | str:
        """Show how far a run has come."""
        return show_bar(model.progress) if model.state == State.TRAINING else NOTHING

    @admin.display(description=_("trained on"))
    def show_figures(self, model: TrainedModel) -> str:
        """Show how much it was trained on."""
        if "interactions" not in model.metrics:
            return NOTHING
        figures = {"interactions": int(model.metrics["interactions"]), "items": int(model.metrics.get("items", 0))}
        return gettext("%(interactions)d interactions, %(items)d items") % figures

    @admin.display(description=_("created"), ordering="created_at")
    def show_made(self, model: TrainedModel) -> SafeString | str:
        """Show how long ago the run was asked for."""
        return show_time(model.created_at)

    @admin.display(description=_("error"))
    def show_problem(self, model: TrainedModel) -> SafeString | str:
        """Show why a run failed."""
        return show_error(model.error)

    @admin.display(description=_("options"))
    def show_options(self, model: TrainedModel) -> SafeString | str:
        """Show the options."""
        return show_facts(model.options)

    @admin.display(description=_("metrics"))
    def show_metrics(self, model: TrainedModel) -> SafeString | str:
        """Show what the run measured."""
        return show_facts(model.metrics)

    @admin.display(description=_("embedding space"))
    def show_space(self, model: TrainedModel) -> SafeString | str:
        """Link to the space that it published."""
        return show_link(page_of(model.space), model.space) if model.space else NOTHING
