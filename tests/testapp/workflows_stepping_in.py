"""The smallest workflows in which somebody steps in, and takes back what was done."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.http import HttpResponse
from django.views import View

from joeflow import tasks
from joeflow.models import Workflow, WorkflowQuerySet
from joeflow.views import TaskViewMixin


class Report(Workflow):
    """Somebody writes it, somebody reads it, a machine prints it."""

    title = models.CharField(max_length=50, blank=True, unique=True, null=True)
    pages = models.IntegerField(blank=True, null=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, blank=True, null=True)
    moment = models.DateTimeField(blank=True, null=True)
    data = models.JSONField(blank=True, null=True)
    file = models.FileField(blank=True, upload_to="reports")
    writer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+"
    )
    readers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")

    start = tasks.StartView(fields=["title"])
    write = tasks.UpdateView(
        fields=["title", "pages", "price", "moment", "data", "file", "writer", "readers"]
    )
    read = tasks.UpdateView(fields=["pages"])

    def print_it(self):
        pass

    edges = [(start, write), (write, read), (read, print_it)]


class StampView(TaskViewMixin, View):
    """Loads the instance once more after it has saved it."""

    def post(self, request, pk):
        workflow = self.get_object()
        workflow.stamps += 1
        workflow.save()
        self.get_object()
        self.next_task()
        return HttpResponse("Stamped")


class Passport(Workflow):
    """Somebody stamps it, with a view of its own."""

    stamps = models.IntegerField(default=0)

    start = tasks.Start()
    stamp = StampView()
    check_it = tasks.UpdateView(fields=[])

    edges = [(start, stamp), (stamp, check_it)]


class MeetingQuerySet(WorkflowQuerySet):
    def asked(self):
        return self.filter(task__name="ask").distinct()


class Meeting(Workflow):
    """Two people answer; then a machine plans it, and waits for a day."""

    objects = MeetingQuerySet.as_manager()

    start = tasks.Start()
    ask = tasks.UpdateView(fields=[])
    book = tasks.UpdateView(fields=[])
    join = tasks.Join()

    def plan(self):
        pass

    wait = tasks.Wait(timedelta(days=1))
    come = tasks.UpdateView(fields=[])

    edges = [
        (start, ask),
        (start, book),
        (ask, join),
        (book, join),
        (join, plan),
        (plan, wait),
        (wait, come),
    ]
