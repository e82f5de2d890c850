"""When a task is due, and how somebody puts it off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from joeflow.access import REASSIGN, has_permission, may_complete
from joeflow.assignments import Shareable
from joeflow.clock import DatabaseNow
from joeflow.deadlines import read_instant
from joeflow.events import Event
from joeflow.exceptions import InvalidDeadline
from joeflow.transitions import transition

__all__ = ("LONGEST", "Snoozable")

#: Nobody sees a task that was put off: what is put off for ever would never be done.
LONGEST = timedelta(days=366)


class Snoozable(Shareable):
    """What time means for the tasks of people: a part of the model `Task`."""

    @property
    def is_late(self) -> bool:
        """Whether it is open, and should have been done by now."""
        return self.completed is None and self.due is not None and self.due < timezone.now()

    @property
    def is_snoozed(self) -> bool:
        """Whether it is out of the inboxes for now."""
        return self.snoozed_until is not None and self.snoozed_until > timezone.now()

    def snooze(self, until: datetime | timedelta | None, by: Any = None) -> None:
        """Take the task out of all inboxes until then; it stays what it is, and is due as it was.

        Args:
            until: An instant, or elapsed time from now on; None brings it back at once.
            by: Who does it: one who may do the task. Code that names nobody may do it, too.

        Raises:
            InvalidDeadline: It is neither, lies in the past, or more than 366 days ahead.
            TaskClosed: The task has been completed or canceled.
            PermissionDenied: This person may not do the task.
        """
        instant = None if until is None else _read(until)
        is_boss = by is None or has_permission(by, REASSIGN)
        with transition(type(self), self._workflow_id) as current:
            task = self._open_task(current, by, asks=not is_boss)
            if not (is_boss or may_complete(task, by, task.node)):
                raise PermissionDenied(f"{by} may not put off task {task}.")
            rows = current.tasks.filter(pk=task.pk)
            rows.update(snoozed_until=instant, modified=DatabaseNow())
            current.record(Event.SNOOZED, task, by, text=instant.isoformat() if instant else "")
        self.snoozed_until = instant


def _read(until: Any) -> datetime:
    is_too_long = isinstance(until, timedelta) and until > LONGEST  # it may be no instant at all
    instant = timezone.now() if is_too_long else read_instant(until)
    if is_too_long or instant > timezone.now() + LONGEST:
        raise InvalidDeadline(
            f"{until} is too far ahead; a task can be put off for {LONGEST.days} days at most."
        )
    if instant <= timezone.now():
        raise InvalidDeadline(f"{until} is over; a task can be put off until later alone.")
    return instant
