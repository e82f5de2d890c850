"""Starts processes and says when they ended."""

import django

django.setup()

from django_driver import migrate  # noqa: E402
from viewflow.workflow.models import Process  # noqa: E402

from peer.flows import Chain, Split  # noqa: E402

__all__ = ("count_ended", "ends", "migrate", "start")

SHAPES = {"chain": Chain, "split": Split}


def start(shape, count):
    """Start instances, and return their keys."""
    starts = [SHAPES[shape].start.run for _ in range(count)]
    return [_start(run) for run in starts]


def _start(run):
    run()
    return Process.objects.order_by("-pk").values_list("pk", flat=True)[0]


def _ended(keys):
    return Process.objects.filter(pk__gte=min(keys), pk__lte=max(keys), finished__isnull=False)


def count_ended(shape, keys):
    """Return how many of these instances have ended."""
    return _ended(keys).count()


def ends(shape, keys):
    """Return the instants at which they ended, in seconds since the epoch."""
    return [when.timestamp() for when in _ended(keys).values_list("finished", flat=True)]
