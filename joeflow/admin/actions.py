"""Rerun and cancel tasks, however many a person has selected."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any, Self

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import router
from django.db import transaction as database_transaction
from django.db.models import Count
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy, ngettext, ngettext_lazy

from joeflow.models import Task
from joeflow.querysets import TasksQuerySet
from joeflow.transitions import Transition, transition
from joeflow.typing import MACHINE
from joeflow.views.locking import act_or_give_up

__all__ = ("cancel", "rerun")

#: So many tasks of a selection are in memory at a time.
CHUNK = 500

_CLOSED = (Task.SUCCEEDED, Task.CANCELED)

CLOSED = gettext_lazy("completed or canceled before")
FOR_A_PERSON = gettext_lazy("for a person")
NOT_FAILED = gettext_lazy("not failed")
CHANGED = gettext_lazy("changed by somebody else meanwhile")
BUSY = gettext_lazy("a task of the workflow is running, try again in a moment")


@admin.action(permissions=["rerun"], description=gettext_lazy("Rerun selected tasks"))
def rerun(modeladmin: Any, request: HttpRequest, queryset: TasksQuerySet) -> None:
    """Run failed machine tasks again; say how many others were skipped, and why."""
    Rerun(request.user).go(queryset).report(modeladmin, request)


@admin.action(permissions=["cancel"], description=gettext_lazy("Cancel selected tasks"))
def cancel(modeladmin: Any, request: HttpRequest, queryset: TasksQuerySet) -> None:
    """Cancel open tasks; say how many others were skipped, and why."""
    Cancel(request.user).go(queryset).report(modeladmin, request)


class BulkAction(ABC):
    """Does something to many tasks, instance by instance, a transaction each.

    Args:
        user: Who does it.
    """

    #: What the admin's history says of each task.
    record: Any
    #: What the person is told, with the number of tasks.
    report_done: Any

    def __init__(self, user: Any) -> None:
        """Do nothing yet."""
        self.user = user
        self.done = 0
        self.skipped: Counter[str] = Counter()

    @abstractmethod
    def select(self, tasks: Any) -> Any:
        """Return those of the tasks to which it can be done."""

    @abstractmethod
    def refuse(self, status: str, task_type: str) -> Any:
        """Say why it cannot be done to tasks like this; None where it can."""

    @abstractmethod
    def do(self, current: Transition, tasks: list[Task]) -> None:
        """Do it to tasks of one instance."""

    def go(self, tasks: TasksQuerySet) -> Self:
        """Do it to all to which it can be done."""
        states = tasks.order_by().values_list("status", "type").annotate(count=Count("pk"))
        for status, task_type, count in states:
            reason = self.refuse(status, task_type)
            if reason is not None:
                self.skipped[str(reason)] += count
        for workflow_pk, pks in _by_instance(self.select(tasks)):
            self._go_on(workflow_pk, pks)
        return self

    def _go_on(self, workflow_pk: int, pks: list[int]) -> None:
        # A person waits once: who has met one busy instance may have selected hundreds of them.
        wait = str(BUSY) not in self.skipped
        using = router.db_for_write(Task)
        lock = partial(database_transaction.atomic, using=using)
        act = partial(self._act, workflow_pk, pks, wait)
        done = act_or_give_up(using, lock, act, lambda: None)
        if done is None:
            self.skipped[str(BUSY)] += len(pks)
        else:
            self.done += done
            self.skipped[str(CHANGED)] += len(pks) - done

    def _act(self, workflow_pk: int, pks: list[int], wait: bool) -> int | None:
        with transition(Task, workflow_pk, wait=wait) as current:
            tasks = list(
                self.select(current.tasks).filter(pk__in=pks).defer("stacktrace", "before")
            )
            self.do(current, tasks)
            self._record(tasks)
        return len(tasks)

    def _record(self, tasks: list[Task]) -> None:
        if tasks:
            # Everybody reads the log, whatever the language of whoever did it.
            with translation.override(settings.LANGUAGE_CODE):
                LogEntry.objects.log_actions(self.user.pk, tasks, CHANGE, str(self.record))

    def report(self, modeladmin: Any, request: HttpRequest) -> None:
        """Tell the person what was done, and what was not."""
        if self.done:
            text = self.report_done % {"count": self.done}
            modeladmin.message_user(request, text, messages.SUCCESS)
        if self.skipped.total() or not self.done:
            modeladmin.message_user(request, self._describe_skipped(), messages.WARNING)

    def _describe_skipped(self) -> str:
        count = self.skipped.total()
        if not count:
            return gettext("None of the selected tasks is there any more.")
        text = ngettext(
            "%(count)d task was skipped: %(why)s.", "%(count)d tasks were skipped: %(why)s.", count
        )
        reasons = sorted((+self.skipped).items(), key=lambda item: (-item[1], item[0]))
        return text % {"count": count, "why": ", ".join(f"{why} ({n})" for why, n in reasons)}


class Rerun(BulkAction):
    """Runs failed tasks again."""

    record = gettext_lazy("Rerun.")
    report_done = ngettext_lazy(
        "%(count)d task will run again.", "%(count)d tasks will run again.", "count"
    )

    def select(self, tasks: Any) -> Any:
        """Return failed machine tasks."""
        return tasks.failed().open().filter(type=MACHINE)

    def refuse(self, status: str, task_type: str) -> Any:
        """Refuse all but failed machine tasks."""
        if status in _CLOSED:
            return CLOSED
        if task_type != MACHINE:
            return FOR_A_PERSON
        return None if status == Task.FAILED else NOT_FAILED

    def do(self, current: Transition, tasks: list[Task]) -> None:
        """Make the tasks due at once."""
        for task in tasks:
            task.enqueue()


class Cancel(BulkAction):
    """Cancels open tasks."""

    record = gettext_lazy("Canceled.")
    report_done = ngettext_lazy(
        "%(count)d task was canceled.", "%(count)d tasks were canceled.", "count"
    )

    def select(self, tasks: Any) -> Any:
        """Return open tasks."""
        return tasks.open()

    def refuse(self, status: str, task_type: str) -> Any:
        """Refuse closed tasks."""
        return CLOSED if status in _CLOSED else None

    def do(self, current: Transition, tasks: list[Task]) -> None:
        """End the tasks."""
        current.cancel([task.pk for task in tasks], self.user)


def _by_instance(tasks: Any) -> Iterator[tuple[int, list[int]]]:
    """Yield keys of instances with keys of their tasks, by and by, in order of the tasks' keys."""
    rows: list[tuple[int, int]] = []
    last = 0
    while last == 0 or len(rows) == CHUNK:
        keys = tasks.filter(pk__gt=last).order_by("pk").values_list("pk", "_workflow_id")
        rows = list(keys[:CHUNK])
        if not rows:
            return
        last = rows[-1][0]
        by_workflow: dict[int, list[int]] = defaultdict(list)
        for pk, workflow_pk in rows:
            by_workflow[workflow_pk].append(pk)
        yield from sorted(by_workflow.items())
