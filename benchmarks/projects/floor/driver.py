"""Starts the steps and says when the last one was done."""

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django_driver import migrate, wait_for  # noqa: E402

from floor import tasks  # noqa: E402
from floor.models import Instance, Step  # noqa: E402

__all__ = ("count_ended", "ends", "migrate", "post_form", "start")


def start(shape, count):
    """Start instances, and return their keys."""
    task = {"chain": tasks.step, "chain_in_one_message": tasks.all_steps}[shape]
    keys = []
    for _ in range(count):
        with transaction.atomic():
            instance = Instance.objects.create()
            step = Step.objects.create(instance=instance, position=0)
        task.delay(step.pk)
        keys.append(instance.pk)
    return keys


def _last(keys):
    rows = Step.objects.filter(instance__gte=min(keys), instance__lte=max(keys))
    return rows.filter(position=tasks.LENGTH - 1, completed__isnull=False)


def count_ended(shape, keys):
    """Return how many of these instances have ended."""
    return _last(keys).count()


def ends(shape, keys):
    """Return the instants at which they ended, in seconds since the epoch."""
    return [when.timestamp() for when in _last(keys).values_list("completed", flat=True)]


def post_form():
    """Post a form; return the seconds from its completion to that of the machine task."""
    instance = Instance.objects.create()
    step = Step.objects.create(instance=instance, position=0)
    assert Client().post(f"/{step.pk}/").status_code == 200
    rows = Step.objects.filter(instance=instance, position=1, completed__isnull=False)
    wait_for(rows.exists, 30)
    step.refresh_from_db()
    return (rows.get().completed - step.completed).total_seconds()
