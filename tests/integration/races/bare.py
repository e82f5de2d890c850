"""joeflow with a protection taken out, to show what the tests would see without it."""

import threading
from functools import wraps

from joeflow import locks, recovery, steps
from joeflow.mails import outbox
from joeflow.prepared import _Statement
from joeflow.querysets import TasksQuerySet
from joeflow.transitions import Transition
from tests.anew import write_anew


def without_locks(monkeypatch):
    """Let nobody lock an instance."""
    monkeypatch.setattr(_Statement, "_find", write_anew)
    monkeypatch.setattr(locks, "for_update", lambda rows, *args, **options: rows.order_by())


def without_status_in_where(monkeypatch):
    """Let the UPDATE that ends a task end it whatever has become of it."""
    monkeypatch.setattr(_Statement, "_find", write_anew)
    is_inside = note_when_inside(monkeypatch, Transition, "complete")
    open_tasks = TasksQuerySet.open

    @wraps(open_tasks)
    def all_while_closing(self):
        return self.all() if is_inside() else open_tasks(self)

    monkeypatch.setattr(TasksQuerySet, "open", all_while_closing)


def without_comparing_what_failed(monkeypatch):
    """Let a run record its failure whatever has become of the task."""
    is_inside = note_when_inside(monkeypatch, steps.Step, "record_failure")
    filter_tasks = TasksQuerySet.filter

    @wraps(filter_tasks)
    def filter_by_key(self, *args, **conditions):
        if is_inside() and "pk" in conditions:
            conditions = {"pk": conditions["pk"]}
        return filter_tasks(self, *args, **conditions)

    monkeypatch.setattr(TasksQuerySet, "filter", filter_by_key)


def note_when_inside(monkeypatch, owner, name):
    """Return a function that tells whether this thread is inside of a method."""
    inside = threading.local()
    method = getattr(owner, name)

    @wraps(method)
    def call(*args, **kwargs):
        inside.now = True
        try:
            return method(*args, **kwargs)
        finally:
            inside.now = False

    monkeypatch.setattr(owner, name, call)
    return lambda: getattr(inside, "now", False)


def without_looking_again(monkeypatch):
    """Let a sweep claim what it has found, whoever has claimed it meanwhile."""
    without_locks(monkeypatch)
    monkeypatch.setattr(recovery, "lock_unlocked", lambda workflow_pks, using: workflow_pks)


def without_comparing_the_eta(monkeypatch):
    """Let a run that says "not yet" put off its task whatever was done to it meanwhile."""
    monkeypatch.setattr(steps, "_same", lambda column, value: {})


def without_lease(monkeypatch):
    """Let everybody send a mail that somebody else sends already."""
    monkeypatch.setattr(outbox, "_lease", lambda row, using: True)
