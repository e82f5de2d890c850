"""Fills the database, times what happens in it, and tells how the database does it."""

import gc
import time

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django_driver import migrate  # noqa: E402

from scale import growth  # noqa: E402
from scale.actions import ACTIONS  # noqa: E402
from scale.fill import fill, size  # noqa: E402
from scale.plans import explain_statements  # noqa: E402

__all__ = ("count", "explain", "fill", "grow", "migrate", "names", "size", "time_action")

_BY_NAME = {action.__name__: action for action in ACTIONS}


def names():
    """Return the names of all actions, in order."""
    return list(_BY_NAME)


def time_action(name, count):
    """Return the seconds that an action has taken, each time."""
    return [_time(_BY_NAME[name]()) for _ in range(count)]


def _time(action):
    next(action)
    gc.collect()  # what the preparation has left behind is none of its business
    began = time.perf_counter()
    next(action, None)
    seconds = time.perf_counter() - began
    next(action, None)
    return seconds


def count(name):
    """Return how many statements an action takes."""
    action = _BY_NAME[name]()
    next(action)
    with CaptureQueriesContext(connection) as queries:
        next(action, None)
    next(action, None)
    return len(queries)


def explain(name):
    """Return for each statement of an action how the database has done it."""
    action = _BY_NAME[name]()
    next(action)
    with explain_statements(connection) as plans:
        next(action, None)
    next(action, None)
    return plans


def grow(name, tasks):
    """Return the seconds of an action in an instance that has so many tasks."""
    return [_time(getattr(growth, name)(tasks)) for _ in range(5)]
