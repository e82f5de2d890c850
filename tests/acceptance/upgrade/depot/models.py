"""Workflows that stand half-way when the new version comes."""

from datetime import timedelta

from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Logged(Workflow):
    """Notes in its state what has been done."""

    log = models.TextField(blank=True)

    class Meta:
        abstract = True

    def note(self, text):
        self.log = f"{self.log} {text}".strip()  # as a form leaves it
        self.save(update_fields=["log"])


class Parcel(Logged):
    """A person checks it between two machines."""

    address = models.CharField(max_length=100, blank=True)

    start = tasks.Start()
    inspect = tasks.UpdateView(fields=["address"])

    def weigh(self):
        self.note("weighed")

    def send(self):
        self.note("sent")

    edges = [(start, weigh), (weigh, inspect), (inspect, send)]


class Truck(Logged):
    """A join waits for a machine and a person."""

    driver = models.CharField(max_length=100, blank=True)

    start = tasks.Start()
    sign = tasks.UpdateView(fields=["driver"])
    ready = tasks.Join("load", "sign")

    def split(self):
        return [self.load, self.sign]

    def load(self):
        self.note("loaded")

    def drive(self):
        self.note("driven")

    edges = (
        (start, split),
        (split, load),
        (split, sign),
        (load, ready),
        (sign, ready),
        (ready, drive),
    )


class Cheese(Logged):
    """Waits for a time, and then until somebody says so."""

    ripe = models.BooleanField(default=False)

    start = tasks.Start()
    wait = tasks.Wait(timedelta(seconds=2))

    def is_ripe(self):
        return self.ripe

    def eat(self):
        self.note("eaten")

    edges = [(start, wait), (wait, is_ripe), (is_ripe, eat)]


class Risk(Logged):
    """Fails until it is repaired."""

    broken = models.BooleanField(default=True)

    start = tasks.Start()

    def attempt(self):
        if self.broken:
            raise ValueError("it is broken")
        self.note("done")

    def celebrate(self):
        self.note("celebrated")

    edges = [(start, attempt), (attempt, celebrate)]


class Letter(Logged):
    """Two machines in a row."""

    start = tasks.Start()

    def write(self):
        self.note("written")

    def post(self):
        self.note("posted")

    edges = [(start, write), (write, post)]
