"""The schedule of background work, and whether anybody does it."""

from typing import Any, ClassVar

import django_celery_beat.admin  # noqa: F401 - registers what is replaced here
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from catalog.admin.model_admin import ModelAdmin
from catalog.admin.shown import show_label, show_time
from recsite.dashboard import read_workers

for model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(model)


@admin.register(PeriodicTask)
class ScheduleAdmin(ModelAdmin[PeriodicTask]):
    """Tasks and when they run; an editor switches one off or changes its interval."""

    list_display = ("name", "task", "show_when", "show_enabled", "show_last", "total_run_count")
    list_filter = ("enabled",)
    list_select_related = ("interval", "crontab", "solar", "clocked")
    small_relations = ("interval", "crontab", "solar", "clocked")
    search_fields = ("name__icontains", "task__icontains")
    ordering = ("name",)
    fieldsets: ClassVar[Any] = ((None, {"fields": ("name", "enabled", "task", "interval", "crontab", "description")}),)
    readonly_fields = ("name", "task")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave it to the settings what runs."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PeriodicTask | None = None) -> bool:
        """Leave it to the settings what runs."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the state of the workers, which the dashboard loads."""
        return [path("workers/", self.admin_site.admin_view(self.show_workers), name="workers"), *super().get_urls()]

    def show_workers(self, request: HttpRequest) -> HttpResponse:
        """Show which workers answer, and what waits for them."""
        return self.render_page(request, "recsite/admin/workers.html", read_workers())

    @admin.display(description=_("when"))
    def show_when(self, task: PeriodicTask) -> str:
        """Show the schedule."""
        return str(task.schedule.human_readable if hasattr(task.schedule, "human_readable") else task.scheduler)

    @admin.display(description=_("state"), ordering="enabled")
    def show_enabled(self, task: PeriodicTask) -> SafeString:
        """Show whether it is on."""
        return show_label(_("on"), "good") if task.enabled else show_label(_("off"))

    @admin.display(description=_("last run"), ordering="last_run_at")
    def show_last(self, task: PeriodicTask) -> SafeString | str:
        """Show how long ago it ran."""
        return show_time(task.last_run_at)


@admin.register(IntervalSchedule)
class IntervalAdmin(ModelAdmin[IntervalSchedule]):
    """Intervals that a task can run at."""

    list_display = ("__str__", "every", "period")
    search_fields = ("every",)


@admin.register(CrontabSchedule)
class CrontabAdmin(ModelAdmin[CrontabSchedule]):
    """Times of day and week that a task can run at, in UTC."""

    list_display = ("__str__", "human_readable")
    search_fields = ("hour",)
