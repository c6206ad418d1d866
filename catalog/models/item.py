"""The item: a thing that can be recommended."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from catalog.field_values import MAX_KEY
from catalog.models.tenant import Catalog
from catalog.querysets import ItemQuerySet


class Item(models.Model):
    """A thing that can be recommended; ``key`` is the site's own id, unique in the catalog."""

    # No index of its own: in a catalog that statistics don't know yet it would look as good as that of the key.
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, verbose_name=_("catalog"), db_index=False)
    key = models.CharField(_("key"), max_length=MAX_KEY)
    kind = models.CharField(_("kind"), max_length=50, default="item")
    title = models.TextField(_("title"), blank=True)
    text = models.TextField(_("text"), blank=True)
    url = models.TextField(_("URL"), blank=True)
    image_url = models.TextField(_("image URL"), blank=True)
    language = models.CharField(_("language"), max_length=16, blank=True)
    categories = ArrayField(models.TextField(), verbose_name=_("categories"), default=list, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    available = models.BooleanField(_("available"), default=True, help_text=_("Set by the site, for example by stock."))
    hidden = models.BooleanField(_("hidden"), default=False, help_text=_("Set by an editor; imports leave it alone."))
    content_digest = models.UUIDField(_("content digest"), editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        constraints = [
            models.UniqueConstraint(fields=["catalog", "key"], name="item_key_unique"),
            models.CheckConstraint(condition=~Q(key=""), name="item_key_not_empty"),
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(expires_at=None) | Q(expires_at__gt=F("published_at")),
                name="item_expires_after_published",
            ),
            models.CheckConstraint(
                condition=Exact(
                    Func(F("attributes"), function="jsonb_typeof", output_field=models.TextField()), Value("object")
                ),
                name="item_attributes_object",
            ),
        ]
        indexes = [
            models.Index("catalog", F("published_at").desc(nulls_last=True), F("id").desc(), name="item_newest"),
            GinIndex(fields=["categories"], name="item_categories"),
            GinIndex(fields=["attributes"], name="item_attributes", opclasses=["jsonb_path_ops"]),
        ]

    def __str__(self) -> str:
        return self.title or self.key
