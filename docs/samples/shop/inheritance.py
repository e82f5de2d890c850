"""Samples of the guide to inheritance."""

from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Request(Workflow):
    text = models.TextField()
    granted = models.BooleanField(default=False)

    ask = tasks.StartView(fields=["text"])
    decide = tasks.UpdateView(fields=["granted"])

    def announce(self):
        pass

    edges = [(ask, decide), (decide, announce)]

    class Meta:
        abstract = True


class HolidayRequest(Request):
    days = models.PositiveIntegerField(default=1)

    ask = tasks.StartView(fields=["text", "days"])


class EquipmentRequest(Request):
    def order(self):
        pass

    edges = [*Request.edges, (Request.announce, order)]
