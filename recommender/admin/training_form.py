"""The form of a run: which learner is trained, with which options, and what becomes of the result."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import ComponentField, ComponentForm, ObjectField
from recommender.learners import learners
from recommender.models import TrainedModel


class TrainingForm(ComponentForm[TrainedModel]):
    """What is to be trained; the worker builds and runs the learner."""

    learner = ComponentField(learners, label=_("learner"))
    options = ObjectField(label=_("options"), help_text=_("A JSON object; what is left out keeps its default."))
    option_fields: ClassVar[Any] = {"learner": "options"}

    class Meta:
        model = TrainedModel
        fields = ("catalog", "learner", "options", "measure", "promote_when_trained")
        help_texts: ClassVar[Any] = {
            "measure": _("Takes as long again; the active model is measured on the same interactions."),
            "promote_when_trained": _("Unless it is found to be worse than the active model."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "measure" in self.fields:
            self.fields["measure"].initial = self.initial["measure"] = True
