"""A project that was written for joeflow 2: it must not know which version it runs on."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depot.settings")

app = Celery("depot")
app.config_from_object("django.conf:settings", namespace="CELERY")
