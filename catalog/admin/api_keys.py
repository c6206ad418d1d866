"""API keys: made with a secret that is shown once, revoked, never edited."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.fields import LinesField, TidyForm
from catalog.admin.filters import CATALOG
from catalog.admin.model_admin import MadeOnceAdmin
from catalog.admin.shown import page_of, show_label, show_time, show_words
from catalog.admin.theme import button
from catalog.models import ApiKey
from catalog.services.api_keys import create_api_key, is_usable


class ApiKeyForm(TidyForm[ApiKey]):
    """What a new key may do; making it is the last step of checking it."""

    allowed_origins = LinesField(
        label=_("allowed origins"),
        help_text=_("For a publishable key, one a line: https://shop.example. Empty: any."),
    )

    class Meta:
        model = ApiKey
        fields = ("catalog", "name", "scope", "allowed_origins", "expires_at")

    def clean_expires_at(self) -> Any:
        """Refuse an expiry that has passed."""
        moment = self.cleaned_data["expires_at"]
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError(_("This lies in the past."), code="past")
        return moment

    def clean_allowed_origins(self) -> list[str]:
        """Refuse what is no origin."""
        origins: list[str] = self.cleaned_data["allowed_origins"]
        for origin in origins:
            scheme, found, host = origin.partition("://")
            if scheme not in ("http", "https") or not found or not host.rstrip("/") or "/" in host.rstrip("/"):
                raise forms.ValidationError(
                    _("“%(origin)s” is not an origin such as https://shop.example"), params={"origin": origin}
                )
        return origins


@admin.register(ApiKey)
class ApiKeyAdmin(MadeOnceAdmin[ApiKey]):
    """Keys by name and prefix; the secret is kept nowhere."""

    form = ApiKeyForm
    list_display = ("name", "show_prefix", "catalog", "scope", "show_state", "show_used", "show_expiry")
    list_filter = (CATALOG, "scope")
    list_select_related = ("catalog",)
    search_fields = ("name", "prefix__startswith")
    ordering = ("-id",)
    actions = ("revoke_chosen",)
    actions_detail = ("revoke",)
    fieldsets: ClassVar[Any] = (
        (None, {"fields": (("name", "catalog"), ("scope", "show_prefix"), "show_origins", "show_state")}),
        (_("Times"), {"fields": (("created_at", "expires_at"), ("last_used_at", "revoked_at"))}),
    )
    add_fieldsets: ClassVar[Any] = ((None, {"fields": ("catalog", "name", "scope", "allowed_origins", "expires_at")}),)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make the key; its secret goes to the answer and nowhere else."""
        if change:
            return
        made, secret = create_api_key(
            obj.catalog_id,
            name=obj.name,
            scope=obj.scope,
            allowed_origins=obj.allowed_origins,
            expires_at=obj.expires_at,
        )
        obj.pk, obj.prefix = made.pk, made.prefix
        request.new_secret = secret  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: Any = None) -> HttpResponse:
        """Show the secret, this once; a message would pass it through a cookie."""
        context = {
            "title": gettext("API key made"),
            "key": obj,
            "secret": request.new_secret,  # type: ignore[attr-defined]
            "list_url": self.list_url(),
        }
        response = self.render_page(request, "recsite/admin/new_key.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @button(description=_("Revoke"), icon="block")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Revoke a key."""
        key = ApiKey.objects.get(pk=object_id)

        def run() -> str:
            _revoke(ApiKey.objects.filter(pk=key.pk))
            return gettext("%(key)s is revoked.") % {"key": key}

        return self.confirm(
            request,
            title=gettext("Revoke %(key)s") % {"key": key},
            question=gettext("Every program that uses it is refused from now on. This cannot be undone."),
            label=gettext("Revoke"),
            run=run,
            back=page_of(key),
        )

    @admin.action(description=_("Revoke"), permissions=["change"])
    def revoke_chosen(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Revoke the chosen keys."""
        count = _revoke(queryset)
        messages.success(
            request, ngettext("%(count)d key revoked.", "%(count)d keys revoked.", count) % {"count": count}
        )

    @admin.display(description=_("prefix"), ordering="prefix")
    def show_prefix(self, key: ApiKey) -> str:
        """Show how the key begins."""
        return f"{key.prefix}…"

    @admin.display(description=_("state"))
    def show_state(self, key: ApiKey) -> SafeString:
        """Show whether it opens anything."""
        if key.revoked_at:
            return show_label(_("revoked"), "bad")
        usable = is_usable(key, now=timezone.now())
        return show_label(_("usable"), "good") if usable else show_label(_("expired"))

    @admin.display(description=_("last used"), ordering="last_used_at")
    def show_used(self, key: ApiKey) -> SafeString | str:
        """Show how long ago it was used."""
        return show_time(key.last_used_at)

    @admin.display(description=_("expires"), ordering="expires_at")
    def show_expiry(self, key: ApiKey) -> SafeString | str:
        """Show when it expires."""
        return show_time(key.expires_at)

    @admin.display(description=_("allowed origins"))
    def show_origins(self, key: ApiKey) -> SafeString | str:
        """Show where a publishable key may be used."""
        return show_words(key.allowed_origins, limit=20) if key.allowed_origins else gettext("any")


def _revoke(queryset: QuerySet[ApiKey]) -> int:
    return queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
