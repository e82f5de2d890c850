"""Find what got lost and hand it out again."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import router, transaction
from django.db.models import Q, QuerySet

from joeflow.clock import DatabaseNow
from joeflow.conf import settings
from joeflow.content_types import content_type_of
from joeflow.dispatch import Delivery, broker_is_down, hand_out
from joeflow.escalations import fire_alarms
from joeflow.exceptions import InstanceLocked
from joeflow.locks import lock_unlocked
from joeflow.mails import send_overdue, sent_later
from joeflow.models import Task, get_workflows
from joeflow.transitions import transition

__all__ = ("sweep",)

logger = logging.getLogger("joeflow")

#: How long a waiting join is left alone before a sweep looks at it again.
JOIN_REST = timedelta(hours=1)


def sweep(limit: int = 1000, join_rest: timedelta = JOIN_REST) -> int:
    """Hand out the tasks that are due and were not handed out, or got lost on the way.

    Before that, people are reminded of their tasks, and what runs when these are late is started.
    Afterwards, mails are sent that could not be sent before.
    An instance that somebody works on is left alone, however long its node runs.

    Args:
        limit: How many tasks at most, oldest first.
        join_rest: How long a waiting join is left alone before it is decided anew.

    Returns:
        How many tasks were given to the runner.
    """
    using = router.db_for_write(Task)
    try:
        with sent_later():  # a slow mail server must not hold up the tasks
            fire_alarms(using, limit)
            return 0 if broker_is_down() else _hand_out_lost(using, limit, join_rest)
    finally:
        send_overdue(using)


def _hand_out_lost(using: str, limit: int, join_rest: timedelta) -> int:
    joined = _look_at_joins(using, limit, join_rest)
    claimed = _claim(using, limit)
    deliveries = [Delivery(task.pk, task._workflow_id) for task in claimed]
    hand_out(deliveries)
    refused = {delivery.task_pk for delivery in deliveries if not delivery.sent}
    _put_back([task for task in claimed if task.pk in refused], using)
    sent = joined + len(deliveries) - len(refused)
    if sent:
        logger.info("event=recovered tasks=%s", sent)
    return sent


def _claim(using: str, limit: int) -> list[Task]:
    """Mark overdue tasks as handed out; two sweeps never return the same.

    Returns:
        The tasks, with the columns that were changed as they were before.
    """
    claimed: list[Task] = []
    busy: set[int] = set()
    while len(claimed) < limit:
        # An instance that somebody works on must not hide those behind it.
        rows = _overdue(using).exclude(_workflow_id__in=busy).order_by("eta", "pk")
        found = dict(rows.values_list("pk", "_workflow_id")[: limit - len(claimed)])
        if not found:
            break
        tasks, free = _claim_free(found, using)
        claimed += tasks
        locked = set(found.values()) - free
        if not locked:
            break
        busy |= locked
    return claimed


def _claim_free(found: dict[int, int], using: str) -> tuple[list[Task], set[int]]:
    """Claim those of the tasks whose instances nobody works on; return these instances, too."""
    with transaction.atomic(using=using):
        free = lock_unlocked(set(found.values()), using)
        pks = [pk for pk, workflow_pk in found.items() if workflow_pk in free]
        still = _overdue(using).filter(pk__in=pks)
        claimed = list(still.order_by("eta", "pk").only("_workflow_id", "eta", "attempts"))
        Task.objects.using(using).filter(pk__in=[task.pk for task in claimed]).mark_handed_out()
    return claimed, free


def _overdue(using: str) -> QuerySet[Any]:
    tasks = Task.objects.using(using)
    grace_period = timedelta(seconds=settings.JOEFLOW_GRACE_PERIOD)
    # Rows of older versions have no eta: they are due; but a join without one still waits.
    no_eta = tasks.scheduled_machine().filter(eta__isnull=True).exclude(_is_join(using))
    return (tasks.lost(grace_period) | no_eta).not_paused()


def _put_back(tasks: list[Task], using: str) -> None:
    """Let the next sweep have what the broker did not take, as overdue as it was."""
    rows = Task.objects.using(using).due()  # but not what was put off meanwhile
    rows.bulk_update(tasks, ["eta", "attempts"])


def _look_at_joins(using: str, limit: int, rest: timedelta) -> int:
    """Decide waiting joins again that nobody touched for long; the code may have changed.

    Returns:
        How many tasks were given to the runner.
    """
    joins = (
        Task.objects.using(using)
        .scheduled_machine()
        .not_paused()
        .filter(_is_join(using), eta__isnull=True, modified__lt=DatabaseNow(-rest))
    )
    workflow_pks = joins.order_by().values_list("_workflow_id", flat=True).distinct()
    sent = 0
    for workflow_pk in sorted(workflow_pks[:limit]):
        try:
            with transition(Task, workflow_pk, using=using, wait=False) as current:
                current.has_joins = True
                joins.filter(_workflow_id=workflow_pk).update(modified=DatabaseNow())
        except InstanceLocked:
            continue  # whoever works on the instance looks at its joins
        sent += len(current.results)
    return sent


def _is_join(using: str) -> Q:
    query = Q(pk__in=[])
    for workflow in get_workflows():
        if workflow._graph.joins:
            content_type = content_type_of(workflow, using)
            query |= Q(content_type=content_type, name__in=sorted(workflow._graph.joins))
    return query
