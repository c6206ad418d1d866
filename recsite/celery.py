"""The Celery app: tasks are found by file name in every installed app."""

import os

from celery import Celery
from celery.signals import import_modules

from recsite.embedded.joining import join_servers_or_exit
from recsite.env import read_environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")

app = Celery("recsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

_leases: list[object] = []


@import_modules.connect  # sent by workers and schedulers, before either uses the database; never by the web process
def join_embedded_servers(**_: object) -> None:
    """A worker or scheduler started by hand keeps embedded servers up that run, and starts none."""
    _leases.extend(join_servers_or_exit(read_environment()))
