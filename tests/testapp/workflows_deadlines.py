"""The smallest workflows that show what happens in time, and what when it is late."""

from datetime import timedelta

from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Approval(Workflow):
    """Somebody approves within three days; else somebody else may have to decide."""

    goes_on = models.BooleanField(default=True)
    looked = models.IntegerField(default=0)

    start = tasks.Start()
    approve = tasks.UpdateView(
        fields=[], due=timedelta(days=3), remind=timedelta(days=1), overdue="escalate"
    )
    decide = tasks.UpdateView(fields=[])

    def escalate(self):
        self.looked += 1
        self.save(update_fields=["looked"])
        return [self.decide] if self.goes_on else None

    def end(self):
        pass

    edges = [(start, approve), (approve, end), (escalate, decide), (decide, end)]


class Deadline(Workflow):
    """Each instance says itself when somebody must have done it."""

    until = models.DateTimeField(blank=True, null=True)
    days = models.IntegerField(blank=True, null=True)

    start = tasks.Start()
    answer = tasks.UpdateView(fields=[], due="get_until", remind=timedelta(hours=6))
    look = tasks.UpdateView(
        fields=[], due=lambda workflow: workflow.days and timedelta(days=workflow.days)
    )

    edges = [(start, answer), (answer, look)]

    def get_until(self):
        return self.until


class LateBranch(Workflow):
    """A join that waits for what only comes where somebody is late."""

    start = tasks.Start()
    approve = tasks.UpdateView(fields=[], due=timedelta(days=3), overdue="escalate")
    pack = tasks.UpdateView(fields=[])
    insist = tasks.UpdateView(fields=[])
    join = tasks.Join("pack", "insist")

    def escalate(self):
        return [self.insist]

    edges = [(start, approve), (start, pack), (escalate, insist), (pack, join), (insist, join)]
