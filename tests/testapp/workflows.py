"""The smallest workflows that show what the engine does; machine tasks alone."""

from datetime import timedelta

from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Chain(Workflow):
    """Three steps in a row."""

    text = models.TextField(blank=True)

    start = tasks.Start()

    def first(self):
        self.text += "1"
        self.save(update_fields=["text"])

    def second(self):
        self.text += "2"
        self.save(update_fields=["text"])

    def third(self):
        self.text += "3"
        self.save(update_fields=["text"])

    edges = [(start, first), (first, second), (second, third)]


class Gateway(Workflow):
    """Returns what the test wants it to return."""

    answer = None  # a callable of the instance, set by the test

    start = tasks.Start()

    def choose(self):
        return type(self).answer(self)

    def left(self):
        pass

    def right(self):
        pass

    def aside(self):
        pass

    edges = [(start, choose), (choose, left), (choose, right), (left, aside)]


class SplitJoin(Workflow):
    """Two branches that each add one."""

    value = models.PositiveIntegerField(default=0)

    start = tasks.Start()

    def split(self):
        return [self.batman, self.robin]

    def batman(self):
        self.value += 1
        self.save(update_fields=["value"])

    def robin(self):
        self.value += 1
        self.save(update_fields=["value"])

    join = tasks.Join("batman", "robin")

    def end(self):
        pass

    edges = (
        (start, split),
        (split, batman),
        (split, robin),
        (batman, join),
        (robin, join),
        (join, end),
    )


class Waiting(Workflow):
    """Waits three hours, then until it is ready."""

    ready = models.BooleanField(default=False)
    asked = models.PositiveIntegerField(default=0)

    start = tasks.Start()
    wait = tasks.Wait(timedelta(hours=3))

    def is_ready(self):
        self.asked += 1
        self.save(update_fields=["asked"])
        return self.ready

    def end(self):
        pass

    edges = [(start, wait), (wait, is_ready), (is_ready, end)]


class Failing(Workflow):
    """Writes something, then does what the test wants."""

    text = models.TextField(blank=True)
    behavior = None  # a callable of the instance, set by the test

    start = tasks.Start()

    def work(self):
        self.text = "written"
        self.save(update_fields=["text"])
        return type(self).behavior(self)

    def end(self):
        pass

    edges = [(start, work), (work, end)]
