"""Workflows whose history is looked at: concrete, proxied and inherited."""

from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Letter(Workflow):
    """Concrete: state and behavior in one class."""

    text = models.TextField(blank=True)
    sent = models.BooleanField(default=False)

    start = tasks.Start()

    def write(self):
        self.text += "Dear Sir"
        self.save(update_fields=["text"])

    def read_again(self):
        """Save nothing."""

    def send(self):
        self.sent = True
        self.save(update_fields=["sent"])
        self.text += ", yours"
        self.save(update_fields=["text"])

    edges = [(start, write), (write, read_again), (read_again, send)]


class ParcelState(Workflow):
    """The state alone; the behavior is in a proxy."""

    weight = models.PositiveIntegerField(default=0)


class Parcel(ParcelState):
    """Proxied: the behavior alone."""

    start = tasks.Start()

    def weigh(self):
        self.weight = 7
        self.save(update_fields=["weight"])

    edges = [(start, weigh)]

    class Meta:
        proxy = True


class RegisteredLetter(Letter):
    """Inherited: a table of its own beside the one of its parent."""

    number = models.CharField(max_length=10, blank=True)

    def send(self):
        self.number = "RR1"
        self.save(update_fields=["number"])

    edges = [(Letter.start, Letter.write), (Letter.write, send)]
