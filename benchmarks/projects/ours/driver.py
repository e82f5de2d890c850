"""Starts instances and says when the last task of each was done."""

import django

django.setup()

from django.test import Client  # noqa: E402
from django_driver import migrate, wait_for  # noqa: E402

from joeflow.models import Task  # noqa: E402
from ours.models import LENGTH, Chain, Form, Split  # noqa: E402

__all__ = ("count_ended", "ends", "migrate", "post_form", "start")

SHAPES = {"chain": (Chain, f"step_{LENGTH - 1}"), "split": (Split, "meet")}


def start(shape, count):
    """Start instances, and return their keys."""
    return [SHAPES[shape][0].start().pk for _ in range(count)]


def _last(shape, keys):
    rows = Task.objects.filter(_workflow__gte=min(keys), _workflow__lte=max(keys))
    return rows.filter(name=SHAPES[shape][1], completed__isnull=False).order_by()


def count_ended(shape, keys):
    """Return how many of these instances have ended."""
    return _last(shape, keys).count()


def ends(shape, keys):
    """Return the instants at which they ended, in seconds since the epoch."""
    return [when.timestamp() for when in _last(shape, keys).values_list("completed", flat=True)]


def post_form():
    """Post a form; return the seconds from its completion to that of the machine task."""
    workflow = Form.start()
    sign = workflow.task_set.get(name="sign")
    assert Client().post(sign.get_absolute_url()).status_code == 302
    rows = workflow.task_set.filter(name="work", completed__isnull=False)
    wait_for(rows.exists, 30)
    sign.refresh_from_db()
    return (rows.get().completed - sign.completed).total_seconds()
