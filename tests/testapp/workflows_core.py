"""Workflows that show the corners of the core: joins, loops, hooks, inheritance."""

from datetime import timedelta

from django.db import models

from joeflow import tasks
from joeflow.models import Workflow

__all__ = (
    "Adding",
    "Branches",
    "Contract",
    "ContractProxy",
    "Crossed",
    "Curious",
    "Gated",
    "Hooked",
    "Invoice",
    "Long",
    "Rounds",
)


class Gated(Workflow):
    """An exclusive gateway before a join: only one of the branches is taken."""

    way = models.TextField(default="left")

    start = tasks.Start()

    def choose(self):
        return [getattr(self, self.way)]

    def left(self):
        pass

    def right(self):
        pass

    join = tasks.Join()

    def end(self):
        pass

    edges = [
        (start, choose),
        (choose, left),
        (choose, right),
        (left, join),
        (right, join),
        (join, end),
    ]


class Crossed(Workflow):
    """Two joins that wait for each other."""

    start = tasks.Start()

    def a(self):
        pass

    def b(self):
        pass

    first = tasks.Join("a", "after_second")

    def after_first(self):
        return [] if self.is_done("second") else None

    second = tasks.Join("b", "after_first")

    def after_second(self):
        return [] if self.is_done("first") else None

    def is_done(self, name):
        return self.task_set.succeeded().filter(name=name).exists()

    edges = [
        (start, a),
        (start, b),
        (a, first),
        (b, second),
        (first, after_first),
        (after_first, second),
        (second, after_second),
        (after_second, first),
    ]


class Rounds(Workflow):
    """A loop around a split and a join, gone through as often as it says."""

    laps = models.PositiveIntegerField(default=2)

    start = tasks.Start()

    def split(self):
        pass

    def a(self):
        pass

    def b(self):
        pass

    join = tasks.Join("a", "b")

    def again(self):
        self.laps -= 1
        self.save(update_fields=["laps"])
        return [self.split] if self.laps else [self.end]

    def end(self):
        pass

    edges = [
        (start, split),
        (split, a),
        (split, b),
        (a, join),
        (b, join),
        (join, again),
        (again, split),
        (again, end),
    ]


class Adding(Workflow):
    """Many tasks that each add one to the same column."""

    value = models.PositiveIntegerField(default=0)
    meet = None  # a callable, set by the test: where the threads meet

    start = tasks.Start()

    def add(self):
        if type(self).meet:
            type(self).meet()
        self.value += 1
        self.save(update_fields=["value"])
        return []

    edges = [(start, add), (add, add)]


class Long(Workflow):
    """Goes round until its count is down to zero."""

    count = models.PositiveIntegerField(default=0)

    start = tasks.Start()

    def step(self):
        self.count -= 1
        self.save(update_fields=["count"])
        return [self.step] if self.count > 0 else []

    edges = [(start, step), (step, step)]


class Later:
    """A machine task that makes its rows itself, and is due later."""

    name: str
    type = tasks.MACHINE
    duration = None

    def create_task(self, workflow, prev_task):
        return workflow.task_set.create(
            name=self.name, type=self.type, workflow=workflow, exception="made by hook"
        )

    def __call__(self, workflow):
        pass


class LaterStill(Later):
    duration = timedelta(seconds=5)


class Forgetful(Later):
    def create_task(self, workflow, prev_task):
        pass


class Desk:
    """A task of a person, without a view."""

    name: str
    type = tasks.HUMAN

    def create_task(self, workflow, prev_task):
        return workflow.task_set.create(name=self.name, type=self.type, workflow=workflow)


class Hooked(Workflow):
    """Nodes that make their own rows."""

    start = tasks.Start()

    def choose(self):
        return [self.plain, self.later, self.desk]

    def plain(self):
        pass

    later = Later()
    still_later = LaterStill()
    desk = Desk()
    forgetful = Forgetful()

    edges = [
        (start, choose),
        (choose, plain),
        (choose, later),
        (choose, desk),
        (plain, still_later),
        (later, forgetful),
    ]


class Branches(Workflow):
    """Two machine branches and a person, and a join of all; the test says what machines do."""

    behavior = None  # a callable of the instance and the name, set by the test

    start = tasks.Start()

    def a(self):
        return self.act("a")

    def b(self):
        return self.act("b")

    desk = Desk()
    join = tasks.Join()

    def end(self):
        pass

    def act(self, name):
        behavior = type(self).behavior
        return behavior(self, name) if behavior else None

    edges = [
        (start, a),
        (start, b),
        (start, desk),
        (a, join),
        (b, join),
        (desk, join),
        (join, end),
    ]


class Curious(Workflow):
    """Looks at its own task."""

    seen = models.TextField(blank=True)

    start = tasks.Start()

    def look(self, task):
        self.seen = f"{task.name} {task.pk} {task.workflow is self}"
        self.save(update_fields=["seen"])

    edges = [(start, look), (look, look)]


class Document(models.Model):
    """State of a proxy, with a field that many would like to have."""

    ended = models.BooleanField(default=False)

    class Meta:
        abstract = True


class Approval(Document, Workflow):
    """Nodes and edges that several children inherit."""

    log = models.TextField(blank=True)

    start = tasks.Start()

    def prepare(self):
        self.write("prepared")

    def approve(self):
        self.write("approved")

    def write(self, word):
        self.log = f"{self.log} {word}".strip()
        self.save(update_fields=["log"])

    edges = iter([(start, prepare), (prepare, approve)])

    class Meta:
        abstract = True


class Invoice(Approval):
    """Adds nothing."""


class Contract(Approval):
    """Overrides one node, adds another."""

    def approve(self):
        self.write("approved by two")

    def sign(self):
        self.write("signed")

    edges = [*Approval.edges, (approve, sign)]


class ContractProxy(Contract):
    """A proxy with a node of its own."""

    def sign(self):
        self.write("signed by proxy")

    class Meta:
        proxy = True
