"""Workflows that are looked at in the admin."""

from django.conf import settings
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Loan(Workflow):
    """A field of each kind that a form shows in a way of its own."""

    borrower = models.CharField(max_length=50)
    note = models.TextField(blank=True)
    due = models.DateTimeField(blank=True, null=True)
    urgent = models.BooleanField(default=False)
    data = models.JSONField(default=dict, blank=True)
    picture = models.FileField(blank=True, upload_to="loans")
    clerk = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+"
    )
    watchers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    revised = models.DateTimeField(auto_now=True)

    start = tasks.Start()

    def fetch(self):
        if self.note == "broken":
            raise ValueError("<script>alert('no book')</script>")

    hand_over = tasks.UpdateView(fields=["note"])

    def put_back(self):
        pass

    edges = [(start, fetch), (fetch, hand_over), (hand_over, put_back)]

    def __str__(self):
        return self.borrower
