"""Embedding spaces: how far they are built, and the steps from one version to the next."""

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import ComponentField, ComponentForm, ObjectField, list_components
from catalog.admin.filters import CATALOG
from catalog.admin.model_admin import MadeOnceAdmin, once
from catalog.admin.shown import (
    NOTHING,
    page_of,
    show_bar,
    show_error,
    show_facts,
    show_label,
    show_link,
    show_time,
)
from catalog.admin.theme import button
from catalog.doorbell import NoBrokerError, ring, try_to_ring
from catalog.encoders import encoders
from catalog.models import EmbeddingSpace
from catalog.selectors import SpaceCoverage, active_space, find_earlier_space, space_coverage
from catalog.services.spaces import SpaceError, create_space, delete_space, promote_space, roll_back_space
from catalog.tasks import encode_space_items

State = EmbeddingSpace.State
TONES = {State.ACTIVE: "good", State.BUILDING: "busy", State.RETIRED: "plain"}

_COVERAGE = """
SELECT s.id, count(e.content_digest) FILTER (WHERE e.content_digest = i.content_digest),
       count(e.failed_digest) FILTER (WHERE e.failed_digest = i.content_digest), count(*)
FROM catalog_embeddingspace s
JOIN catalog_item i ON i.catalog_id = s.catalog_id
LEFT JOIN catalog_embedding e ON e.space_id = s.id AND e.item_id = i.id
WHERE s.id = ANY(%s) GROUP BY s.id
"""


class SpaceForm(ComponentForm[EmbeddingSpace]):
    """What a new space is made of; the encoder is built by the worker alone."""

    encoder = ComponentField(encoders, label=_("encoder"))
    options = ObjectField(label=_("options"), help_text=_("A JSON object; what is left out keeps its default."))
    option_fields: ClassVar[Any] = {"encoder": "options"}

    class Meta:
        model = EmbeddingSpace
        fields = ("catalog", "role", "encoder", "options")


@admin.register(EmbeddingSpace)
class SpaceAdmin(MadeOnceAdmin[EmbeddingSpace]):
    """Spaces are made, built, promoted and rolled back to; never edited."""

    form = SpaceForm
    list_display = ("show_name", "catalog", "encoder", "dimensions", "show_state", "show_coverage", "show_made")
    list_filter = (CATALOG, "state")
    list_select_related = ("catalog",)
    list_per_page = 20
    search_fields = ("role", "encoder")
    ordering = ("-id",)
    change_form_outer_before_template = "recsite/admin/components.html"
    actions_detail = ("build", "promote", "roll_back", "next_version")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": (("show_state", "catalog"), "show_progress", "show_problem")}),
        (_("Encoder"), {"fields": (("role", "encoder"), "show_options", ("dimensions", "metric"), "fingerprint")}),
        (_("History"), {"fields": (("created_at", "activated_at"),)}),
    )
    add_fieldsets: ClassVar[Any] = ((None, {"fields": ("catalog", "role", "encoder", "options")}),)

    def has_delete_permission(self, request: HttpRequest, obj: EmbeddingSpace | None = None) -> bool:
        """Keep the active space."""
        return (obj is None or obj.state != State.ACTIVE) and super().has_delete_permission(request, obj)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what the space's state allows: one that learners publish is promoted with its model."""
        space = EmbeddingSpace.objects.only("state", "encoder").filter(pk=object_id).first()
        hidden = {"promote"} if space and space.state == State.ACTIVE else {"roll_back"}
        if space and not space.encoder:
            hidden = {"build", "promote", "roll_back", "next_version"}
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        return [entry for entry in buttons if entry.path not in hidden]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer no bulk actions."""
        return {}

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the encoders and their options above the form."""
        components = list_components([(_("Encoders"), encoders)])
        return super().add_view(request, form_url, {"components": components, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: EmbeddingSpace, form: Any, change: bool) -> None:
        """Make the space as a command would, and have the worker begin."""
        if change:
            return
        space = create_space(obj.catalog_id, encoder=obj.encoder, options=obj.options, role=obj.role)
        obj.pk = space.pk
        otherwise = f"space {space.pk} waits for the periodic task to be encoded"
        transaction.on_commit(partial(try_to_ring, encode_space_items, space.pk, otherwise=otherwise))

    def delete_model(self, request: HttpRequest, obj: EmbeddingSpace) -> None:
        """Delete the space with its index and vectors."""
        delete_space(obj.pk)

    def prepare_rows(self, rows: list[EmbeddingSpace]) -> None:
        """Count what is encoded in the spaces on the page that are in use: one statement."""
        in_use = [row.pk for row in rows if row.encoder and row.state != State.RETIRED]
        with connection.cursor() as cursor:
            cursor.execute(_COVERAGE, [in_use])
            found = {
                pk: SpaceCoverage(encoded=encoded, failed=failed, stale=total - encoded - failed, total=total)
                for pk, encoded, failed, total in cursor.fetchall()
            }
        for row in rows:
            row.coverage = found.get(row.pk)  # type: ignore[attr-defined]

    @button(description=_("Build now"), icon="bolt", primary=True)
    def build(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have the worker encode what is stale."""
        space = EmbeddingSpace.objects.get(pk=object_id)

        def run() -> str:
            ring(encode_space_items, space.pk)
            return gettext("The worker has been asked to encode what is missing.")

        return self.confirm(
            request,
            title=gettext("Build %(space)s") % {"space": space},
            question=gettext("Encode every item that is new or has changed, in the background?"),
            label=gettext("Build now"),
            run=run,
            back=page_of(space),
            refused=(NoBrokerError,),
        )

    @button(description=_("Promote"), icon="rocket_launch")
    def promote(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make the space the active one."""
        space = EmbeddingSpace.objects.get(pk=object_id)

        def run() -> str:
            return gettext("%(space)s is active.") % {"space": promote_space(space.pk)}

        return self.confirm(
            request,
            title=gettext("Promote %(space)s") % {"space": space},
            question=gettext("Every recommendation will use it at once; the space before it is kept to go back to."),
            label=gettext("Promote"),
            run=run,
            back=page_of(space),
            refused=(SpaceError,),
        )

    @button(description=_("Roll back"), icon="undo")
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go back to the space that was active before."""
        space = EmbeddingSpace.objects.get(pk=object_id)
        earlier = find_earlier_space(space.catalog_id, space.role)

        def run() -> str:
            return gettext("%(space)s is active.") % {"space": roll_back_space(space.catalog_id, role=space.role)}

        question = gettext("Make %(space)s the active space again?") % {"space": earlier}
        return self.confirm(
            request,
            title=gettext("Roll back"),
            question=question if earlier else gettext("No earlier space is kept: there is nothing to go back to."),
            label=gettext("Roll back"),
            run=run,
            back=page_of(space),
            refused=(SpaceError,),
        )

    @button(description=_("Next version"), icon="add_circle", permissions=("add",))
    def next_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the form of a new space, filled in as this one."""
        space = EmbeddingSpace.objects.get(pk=object_id)
        address = reverse("admin:catalog_embeddingspace_add")
        query = f"catalog={space.catalog_id}&role={space.role}&encoder={space.encoder}"
        return HttpResponseRedirect(f"{address}?{query}")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Fill the form of a next version with the options of the space that is active."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        catalog = request.GET.get("catalog", "")
        before = active_space(int(catalog), request.GET.get("role", "text")) if catalog.isdigit() else None
        if before is not None and before.encoder == initial.get("encoder"):
            initial["options"] = before.options
        return initial

    def response_add(self, request: HttpRequest, obj: EmbeddingSpace, post_url_continue: Any = None) -> HttpResponse:
        """Go to the new space's page, where its progress shows."""
        messages.success(request, gettext("The space has been made; the worker has been asked to build it."))
        return HttpResponseRedirect(page_of(obj))

    @admin.display(description=_("space"), ordering="id")
    def show_name(self, space: EmbeddingSpace) -> str:
        """Show role and number."""
        return f"{space.role} #{space.pk}"

    @admin.display(description=_("state"), ordering="state")
    def show_state(self, space: EmbeddingSpace) -> SafeString:
        """Show the state."""
        label = show_label(space.get_state_display(), TONES[State(space.state)])
        return format_html("{} {}", label, show_label(_("error"), "bad")) if space.error else label

    @admin.display(description=_("encoded"))
    def show_coverage(self, space: EmbeddingSpace) -> SafeString | str:
        """Show how far it is built."""
        coverage: SpaceCoverage | None = space.coverage  # type: ignore[attr-defined]
        return show_bar(coverage.encoded / coverage.total) if coverage and coverage.total else NOTHING

    @admin.display(description=_("created"), ordering="created_at")
    def show_made(self, space: EmbeddingSpace) -> SafeString | str:
        """Show how long ago it was made."""
        return show_time(space.created_at)

    @admin.display(description=_("coverage"))
    @once
    def show_progress(self, space: EmbeddingSpace) -> SafeString | str:
        """Show the items by what became of them."""
        coverage = space_coverage(space.pk)
        if not coverage.total:
            return gettext("The catalog has no items.")
        counts = {"encoded": coverage.encoded, "stale": coverage.stale, "failed": coverage.failed}
        text: Any = gettext("%(encoded)d encoded, %(stale)d waiting, %(failed)d failed") % counts
        if coverage.failed:
            text = show_link(f"{reverse('admin:catalog_embedding_changelist')}?space__id__exact={space.pk}", text)
        return show_bar(coverage.encoded / coverage.total, text)

    @admin.display(description=_("error"))
    def show_problem(self, space: EmbeddingSpace) -> SafeString | str:
        """Show why the encoder could not be run."""
        return show_error(space.error)

    @admin.display(description=_("options"))
    def show_options(self, space: EmbeddingSpace) -> SafeString | str:
        """Show the options."""
        return show_facts(space.options)
