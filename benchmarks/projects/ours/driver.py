"""Starts instances and says when the last task of each was done."""

import time

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402
from django_driver import migrate, wait_for  # noqa: E402

from joeflow.models import Task  # noqa: E402
from ours.models import LENGTH, Chain, Crowd, Form, Minute, Split, Wide  # noqa: E402

__all__ = (
    "began",
    "count_ended",
    "ends",
    "migrate",
    "post_between",
    "post_form",
    "send_again",
    "start",
)

SHAPES = {
    "chain": (Chain, f"step_{LENGTH - 1}"),
    "split": (Split, "meet"),
    "wide": (Wide, "meet"),
    "minute": (Minute, "meet"),
}


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


def began(keys):
    """Return the instants at which these instances were started."""
    rows = Task.objects.filter(_workflow__in=keys, name="start").order_by("_workflow")
    return [when.timestamp() for when in rows.values_list("completed", flat=True)]


def post_form():
    """Post a form; return the seconds from its completion to that of the machine task."""
    workflow = Form.start()
    sign = workflow.task_set.get(name="sign")
    assert Client().post(sign.get_absolute_url()).status_code == 302
    rows = workflow.task_set.filter(name="work", completed__isnull=False)
    wait_for(rows.exists, 30)
    sign.refresh_from_db()
    return (rows.get().completed - sign.completed).total_seconds()


def send_again(pk):
    """Send a message for each branch of an instance, besides those that joeflow sends."""
    rows = Task.objects.filter(_workflow=pk, name__startswith="part_")
    wait_for(rows.exists, 30)
    runner = import_string(settings.JOEFLOW_TASK_RUNNER)
    for task_pk in rows.values_list("pk", flat=True):
        runner(task_pk=task_pk, workflow_pk=pk)


def post_between():
    """Post a form of an instance at which many work; return the seconds that it took."""
    workflow = Crowd.start()
    parts = workflow.task_set.filter(name__startswith="part_", completed__isnull=False)
    wait_for(lambda: parts.count() > 5, 30)
    client, url = Client(), workflow.task_set.get(name="sign").get_absolute_url()
    began = time.perf_counter()
    assert client.post(url).status_code == 302
    seconds = time.perf_counter() - began
    assert workflow.task_set.filter(name__startswith="part_", completed=None).exists()
    wait_for(workflow.task_set.filter(name="meet", completed__isnull=False).exists, 60)
    return seconds
