"""What has happened to an instance, as one list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from joeflow.contrib.reversion import Revision, StateChange
from joeflow.models import Event, Task

__all__ = ("Entry", "history")

#: A revision is written at the end of the step whose task is completed in it.
NEAR = timedelta(seconds=10)


@dataclass
class Entry:
    """A line of the history: a task, an event, or a change of the state beside them.

    Attributes:
        when: When it was completed, or happened; of an open task, when it was created.
        task: The task that it is about, if any.
        event: What happened, besides what the task tells.
        changes: What has changed in the state.
        who: Who did it, if anybody.
        comment: What is said of a change that belongs to no task.
    """

    when: datetime
    task: Task | None = None
    event: Event | None = None
    changes: list[StateChange] = field(default_factory=list)
    who: Any = None
    comment: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is a task that is not closed so far."""
        return self.event is None and self.task is not None and self.task.completed is None

    @property
    def waiting(self) -> timedelta | None:
        """How long the task has waited: until it was started, or else completed."""
        if self.task is None or self.event is not None:
            return None
        until = self.task.started or self.task.completed or _now(self.task.created)
        return max(until - self.task.created, timedelta(0))

    @property
    def working(self) -> timedelta | None:
        """How long a machine has worked at the task, when it was started last."""
        if self.task is None or self.event is not None or self.task.started is None:
            return None
        until = self.task.completed
        return None if until is None else max(until - self.task.started, timedelta(0))


def _now(instant: datetime) -> datetime:
    now = timezone.now()
    return now if timezone.is_aware(instant) == timezone.is_aware(now) else timezone.make_naive(now)


def history(
    tasks: Iterable[Task], events: Iterable[Event], revisions: Iterable[Revision]
) -> list[Entry]:
    """Return what has happened, open tasks first, then the latest first.

    Args:
        tasks: The tasks of the instance.
        events: What happened to them besides.
        revisions: What has changed in the state.
    """
    entries = [
        Entry(task.completed or task.created, task=task, who=task.completed_by_user)
        for task in tasks
    ]
    for revision in revisions:
        entry = _entry_of(revision, entries)
        if entry is None:
            entry = Entry(revision.when, who=revision.user, comment=revision.comment)
            entries.append(entry)
        entry.changes += revision.changes
    entries += [
        Entry(event.created, task=event.task, event=event, who=event.user) for event in events
    ]
    return sorted(entries, key=_order, reverse=True)


def _order(entry: Entry) -> tuple[Any, ...]:
    pk = entry.task.pk if entry.task is not None else 0
    return entry.is_open, entry.when, pk, entry.event.pk if entry.event else 0


def _entry_of(revision: Revision, entries: list[Entry]) -> Entry | None:
    """Return the task in whose step the state has changed."""
    near = [
        (abs(entry.when - revision.when), entry)
        for entry in entries
        if entry.task is not None and not entry.is_open and entry.task.name == revision.comment
    ]
    if not near:
        return None
    distance, entry = min(near, key=lambda pair: pair[0])
    return entry if distance < NEAR else None
