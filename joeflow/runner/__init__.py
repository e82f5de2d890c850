"""What carries a due machine task to a worker; one file for each system."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone

from joeflow.conf import settings
from joeflow.engine import run

__all__ = ("carry_out", "get_queue_name", "seconds_until")

logger = logging.getLogger("joeflow")


def get_queue_name() -> str:
    """Return the queue of machine tasks, for systems without a default of their own."""
    return str(settings.JOEFLOW_TASK_QUEUE_NAME or settings.JOEFLOW_CELERY_QUEUE_NAME)


def seconds_until(countdown: float | None, eta: datetime | None) -> float:
    """Return the seconds until a message is due; 0 where it is due now.

    Args:
        countdown: Seconds until then, or None.
        eta: The instant, which goes first, or None.
    """
    if eta is not None:
        countdown = (eta - timezone.now()).total_seconds()
    return max(countdown or 0.0, 0.0)


def carry_out(
    task_pk: int,
    workflow_pk: int,
    *,
    send_again: Callable[..., object] | None,
    bounces: int = 0,
    errors: int = 0,
    **options: Any,
) -> None:
    """Do with a message what every runner does: let the engine run, and send it again if need be.

    Args:
        task_pk: Key of the task that the message names.
        workflow_pk: Key of its instance.
        send_again: Sends the message again; None where nobody would work on it later. It is given
            the keys, the countdown in seconds, and the counts as keywords.
        bounces: How often this message has found the instance locked.
        errors: How often this message has met a failing database.
        options: What else `joeflow.engine.run` takes.

    Raises:
        BaseException: What the node raised, after the failure was recorded.
    """
    come_back = run(task_pk, workflow_pk, bounces=bounces, errors=errors, **options)
    if come_back is None or send_again is None:
        return
    try:
        send_again(
            task_pk=task_pk,
            workflow_pk=workflow_pk,
            countdown=come_back.delay,
            bounces=come_back.bounces,
            errors=come_back.errors,
        )
    except Exception:
        # Nothing is lost: the recovery finds the task when its grace period is over.
        logger.exception("event=not_sent_again task=%s", task_pk)
