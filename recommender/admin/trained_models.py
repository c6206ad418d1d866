"""Trained models: what each run of a learner made, and which one serves."""

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import list_components
from catalog.admin.filters import CATALOG
from catalog.admin.model_admin import once
from catalog.admin.shown import NOTHING, page_of, show_error, show_facts, show_label, show_link, show_time
from catalog.doorbell import try_to_ring
from recommender.admin import model_figures
from recommender.admin.model_steps import ModelStepsAdmin
from recommender.admin.training_form import TrainingForm
from recommender.learners import learners
from recommender.models import TrainedModel
from recommender.services.training import start_training
from recommender.tasks import train_model_run

State = TrainedModel.State
TONES = {State.ACTIVE: "good", State.TRAINING: "busy", State.CANDIDATE: "plain", State.FAILED: "bad"}

Fieldsets = list[tuple[Any, dict[str, Any]]]


@admin.register(TrainedModel)
class TrainedModelAdmin(ModelStepsAdmin):
    """Models are trained, promoted and rolled back to; never edited."""

    form = TrainingForm
    list_display = ("show_name", "catalog", "show_state", "show_headline", "show_figures", "show_made")
    list_filter = (CATALOG, "state", "shape")
    list_select_related = ("catalog",)
    search_fields = ("learner__startswith",)
    ordering = ("-id",)
    change_form_outer_before_template = "recsite/admin/components.html"
    add_fieldsets: ClassVar[Any] = (
        (None, {"fields": ("catalog", "learner", "options", "measure", "promote_when_trained")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: TrainedModel | None = None) -> Any:
        """Show of a run what there is to show of it."""
        if obj is None:
            return self.add_fieldsets
        problem = ("show_problem",) if obj.error else ()
        sets: Fieldsets = [(None, {"fields": (("learner", "catalog"), ("show_state", "shape"), *problem)})]
        if obj.state in (State.CANDIDATE, State.ACTIVE, State.RETIRED):
            sets.append((_("On held-out interactions"), {"fields": ("show_verdict", "show_held_out")}))
        figures = ("show_options", *(("show_metrics",) if obj.metrics else ()), *(("show_space",) if obj.space else ()))
        sets.append((_("Options and figures"), {"fields": figures}))
        times = (("created_at", "finished_at"), ("trained_until", "promoted_at"))
        sets.append((_("Course of the run"), {"fields": ("show_wishes", *times)}))
        return sets

    def get_urls(self) -> list[URLPattern]:
        """Add the progress of a run, which lists and pages ask for while it goes on."""
        progress = self.admin_site.admin_view(self.answer_progress)
        return [
            path("<int:model_id>/progress/", progress, name="recommender_trainedmodel_progress"),
            *super().get_urls(),
        ]

    def answer_progress(self, request: HttpRequest, model_id: int) -> HttpResponse:
        """Return the bar of a run; of one that is over, the word to load the page anew."""
        model = TrainedModel.objects.filter(pk=model_id).first()
        if not self.has_view_permission(request, model):
            raise PermissionDenied
        if model is None:
            raise Http404
        answer = HttpResponse(model_figures.show_live_progress(model))
        if not model_figures.is_under_way(model):
            answer["HX-Refresh"] = "true"
        return answer

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
        run = start_training(
            obj.catalog_id,
            learner=obj.learner,
            options=obj.options,
            promote=obj.promote_when_trained,
            measure=obj.measure,
        )
        obj.pk = run.pk
        otherwise = f"{run} waits for the periodic task"
        transaction.on_commit(partial(try_to_ring, train_model_run, run.pk, otherwise=otherwise))

    def response_add(self, request: HttpRequest, obj: TrainedModel, post_url_continue: Any = None) -> HttpResponse:
        """Go to the run's page, where its progress shows."""
        self.message_user(request, gettext("The worker has been asked to train it."))
        return HttpResponseRedirect(page_of(obj))

    @admin.display(description=_("model"), ordering="learner")
    def show_name(self, model: TrainedModel) -> str:
        """Show learner and number."""
        return str(model)

    @admin.display(description=_("state"), ordering="state")
    def show_state(self, model: TrainedModel) -> SafeString:
        """Show the state, with the progress of a run under way, and what speaks against a candidate."""
        label = show_label(model.get_state_display(), TONES.get(State(model.state), "plain"))
        if model_figures.is_under_way(model):
            return format_html("{} {}", label, model_figures.show_live_progress(model))
        if model.state == State.CANDIDATE and model.metrics.get("judgement") == "worse":
            return format_html("{} {}", label, show_label(_("worse"), "bad"))
        return label

    @admin.display(description=_("NDCG@10 held out"))
    def show_headline(self, model: TrainedModel) -> SafeString | str:
        """Show the figure by which models are compared."""
        return model_figures.show_headline(model)

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

    @admin.display(description=_("verdict"))
    @once
    def show_verdict(self, model: TrainedModel) -> SafeString | str:
        """Show whether it may go live by itself."""
        return model_figures.show_verdict(model)

    @admin.display(description=_("figures"))
    @once
    def show_held_out(self, model: TrainedModel) -> SafeString | str:
        """Show how good its recommendations would have been."""
        return model_figures.show_held_out(model)

    @admin.display(description=_("asked for"))
    def show_wishes(self, model: TrainedModel) -> SafeString:
        """Show what was asked of the run."""
        return model_figures.show_wishes(model)

    @admin.display(description=_("options"))
    def show_options(self, model: TrainedModel) -> SafeString | str:
        """Show the options."""
        return show_facts(model.options)

    @admin.display(description=_("training"))
    def show_metrics(self, model: TrainedModel) -> SafeString | str:
        """Show what the run was given and took."""
        return model_figures.show_training_figures(model)

    @admin.display(description=_("embedding space"))
    def show_space(self, model: TrainedModel) -> SafeString | str:
        """Link to the space that it published."""
        return show_link(page_of(model.space), model.space) if model.space else NOTHING
