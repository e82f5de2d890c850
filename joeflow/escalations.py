"""What happens when a task of people is nearly due, and when it is late: each once, in order."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db.models import F

from joeflow.clock import DatabaseNow
from joeflow.conf import settings
from joeflow.exceptions import InstanceLocked, JoeflowError
from joeflow.graph import words
from joeflow.models import Event, Task
from joeflow.signals import task_overdue, task_reminded
from joeflow.successors import create_successors
from joeflow.transitions import Transition, transition
from joeflow.typing import HUMAN

__all__ = ("Escalation", "fire_alarms")

logger = logging.getLogger("joeflow")


def fire_alarms(using: str, limit: int = 1000, workflow_pk: int | None = None) -> int:
    """Remind people of tasks that are nearly due, and do what was planned for those that are late.

    A task's ``eta`` is the instant of what happens next: first the reminder, then at ``due`` the
    rest, then nothing any more. After an outage all of it happens, in this order.

    Args:
        using: Alias of the database.
        limit: How many tasks at most, those that wait for longest.
        workflow_pk: Key of the only instance to look at.

    Returns:
        For how many tasks something happened. An instance that somebody works on, or that is
        paused, is left alone.
    """
    rows = _ringing(Task.objects.using(using))
    if workflow_pk is not None:
        rows = rows.filter(_workflow_id=workflow_pk)
    keys = list(rows.order_by("eta", "pk").values_list("pk", "_workflow_id")[:limit])
    return sum(_fire_one(pk, instance_pk, using) for pk, instance_pk in keys)


def _ringing(tasks: Any) -> Any:
    """Return those of the tasks for which something has to happen now."""
    open_tasks = tasks.open().filter(status=Task.SCHEDULED, type=HUMAN, eta__lte=DatabaseNow())
    return open_tasks.filter(_workflow___paused__isnull=True)


def _fire_one(pk: int, workflow_pk: int, using: str) -> bool:
    """Do all that is to be done for a task now; tell whether that was anything."""
    current = None
    try:
        with transition(Task, workflow_pk, using=using, wait=False) as current:
            fired = _fire_all(current, pk)
    except InstanceLocked:
        return False  # the next sweep comes soon
    except Exception:
        logger.exception("event=alarm_failed task=%s workflow_pk=%s", pk, workflow_pk)
        if current is not None and current.committed:
            return True  # what raised was somebody's commit hook
        _put_off(Task.objects.using(using).filter(pk=pk))
        return False
    return fired


def _put_off(rows: Any) -> None:
    """Try a task's alarm again later: one that fails must not keep back the others for ever."""
    task = _ringing(rows).first()
    if task is not None:
        later = DatabaseNow(timedelta(seconds=settings.JOEFLOW_RETRY_MAX))
        rows.filter(eta=task.eta).update(eta=later, attempts=int(_is_reminder(task)))


def _fire_all(current: Transition, pk: int) -> bool:
    fired = False
    while (task := _ringing(current.tasks).filter(pk=pk).first()) is not None:
        if _is_reminder(task):
            _remind(current, task)
        else:
            _escalate(current, task)
        fired = True
    return fired


def _is_reminder(task: Any) -> bool:
    """Tell whether the next alarm of a task is its reminder; an attempt is one that failed."""
    return task.due is not None and (task.eta < task.due or task.attempts > 0)


def _remind(current: Transition, task: Any) -> None:
    rows = current.tasks.filter(pk=task.pk)
    rows.update(eta=F("due"), attempts=0, modified=DatabaseNow())
    current.record(Event.REMINDED, task, None, signal=task_reminded)


def _escalate(current: Transition, task: Any) -> None:
    current.tasks.filter(pk=task.pk).update(eta=None, modified=DatabaseNow())
    current.tell_task(task_overdue, "task_overdue", task)
    workflow = task.workflow
    name = None if workflow is None else workflow._graph.escalations.get(task.name)
    if name is not None:
        current.was_open = True
        create_successors(current, workflow, [task], [name])
        current.record(Event.ESCALATED, task, None, text=words(name))


class Escalation:
    """The run of a machine task that was started because a task of people is late.

    Args:
        current: The open transition.
        late: The task that is late.
    """

    def __init__(self, current: Transition, late: Any) -> None:
        """Change nothing yet."""
        self._current = current
        self._late = late

    @classmethod
    def of(cls, current: Transition, graph: Any, task: Any) -> Escalation | None:
        """Return what a task is to do for a late one; None where it was not started for that.

        Args:
            current: The open transition.
            graph: The graph of the workflow class.
            task: The machine task.
        """
        names = graph.escalated_by(task.name)
        if not names:
            return None
        late = current.tasks.filter(child_task_set=task.pk, type=HUMAN, name__in=names).first()
        return None if late is None else cls(current, late)

    @property
    def is_pointless(self) -> bool:
        """Whether somebody has done the late task meanwhile, or canceled it."""
        return self._late.completed is not None

    def end_late_task(self, names: tuple[str, ...]) -> None:
        """End the late task, as the instance goes another way.

        Args:
            names: The nodes to go on with.

        Raises:
            JoeflowError: Somebody, like the node itself, has ended it.
        """
        if not self._current.cancel([self._late.pk], None):
            raise JoeflowError(
                f"Task {self._late} was closed by what runs when it is late; that returns the "
                f"tasks to go on with, and leaves the late one open."
            )
        self._current.record(Event.OVERDUE, self._late, None, next=",".join(names))
