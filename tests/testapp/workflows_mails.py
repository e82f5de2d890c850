"""The smallest workflow that shows how people are told of their tasks by mail."""

from datetime import timedelta

from django.conf import settings
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class MailedView(tasks.MailMixin, tasks.UpdateView):
    """Tells people by mail."""


class Voucher(Workflow):
    """Somebody, or everybody in a team, approves an voucher; a bookkeeper books it."""

    title = models.CharField(max_length=100, default="Honey")
    clerk = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, blank=True, null=True
    )
    team = models.ForeignKey("auth.Group", on_delete=models.CASCADE, blank=True, null=True)

    start = tasks.Start()
    approve = MailedView(
        fields=["title"], assign="get_people", due=timedelta(days=3), remind=timedelta(days=1)
    )
    book = tasks.UpdateView(fields=["title"], assign=lambda workflow: workflow.clerk)

    def end(self):
        pass

    edges = [(start, approve), (approve, book), (book, end)]

    def __str__(self):
        return f"{self.title} ({self.pk})"

    def get_people(self):
        return [each for each in (self.clerk, self.team) if each is not None]
