"""The admin pages of the project itself: accounts, and the schedule of background work."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from recsite.admin import accounts, schedule

admin.site.index_title = _("Dashboard")

__all__ = ["accounts", "schedule"]
