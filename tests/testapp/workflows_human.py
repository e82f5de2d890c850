"""The smallest workflows that show what people do."""

from django.conf import settings
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Greeting(Workflow):
    """The state of a welcome."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, blank=True, null=True
    )
    note = models.TextField(blank=True)
    seen = models.BooleanField(default=False)
    count = models.IntegerField(default=0)


class GreetingWorkflow(Greeting):
    """A person starts, a machine counts, a person checks."""

    start = tasks.StartView(fields=["user", "note"])

    def add_one(self):
        self.count += 1
        self.save(update_fields=["count"])

    check_note = tasks.UpdateView(fields=["note", "seen"])

    def end(self):
        pass

    edges = [(start, add_one), (add_one, check_note), (check_note, end)]

    class Meta:
        proxy = True
