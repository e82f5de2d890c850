"""Test a workflow as a whole: in a TestCase, without a broker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import router
from django.db.models import F

from joeflow.clock import DatabaseNow
from joeflow.escalations import fire_alarms
from joeflow.exceptions import JoeflowError
from joeflow.models import Task
from joeflow.steps import Step

__all__ = ("let_pass", "run")


def run(
    workflow: Any,
    until: str | Callable[[Any], Any] | None = None,
    *,
    most: int = 1000,
) -> Any:
    """Run an instance's machine tasks until only people, or nobody, can go on.

    Time is moved for tasks that wait: the instance becomes as much older as they have to wait.
    A task that says "not yet" is asked again as long as that changes something; then it is left
    waiting. In a paused instance nothing runs.

    Args:
        workflow: The instance; its fields are loaded again.
        until: Stop as soon as a task of this name is open or done, or as soon as this callable says
            true for the instance, asked before each task.
        most: How many tasks to run at most.

    Returns:
        The instance.

    Raises:
        JoeflowError: It did not come to rest, or never got to where it should.
        Exception: What a node raised; the failure is recorded like in a worker.
    """
    using = router.db_for_write(Task)
    tasks = Task.objects.using(using).filter(_workflow_id=workflow.pk)
    if _run_until(workflow, tasks, until, most):
        return workflow
    raise JoeflowError(f"{workflow} did not come to rest within {most} tasks: is it a loop?")


def let_pass(workflow: Any, time: timedelta) -> Any:
    """Let time pass for an instance, as if it had been there for so much longer.

    People are reminded, and what is planned for late tasks is started, each in its turn; `run`
    runs it.

    Args:
        workflow: The instance; its fields are loaded again.
        time: How much time.

    Returns:
        The instance.
    """
    using = router.db_for_write(Task)
    _let_pass(Task.objects.using(using).filter(_workflow_id=workflow.pk), time)
    fire_alarms(using, workflow_pk=workflow.pk)
    workflow.refresh_from_db()
    return workflow


def _run_until(workflow: Any, tasks: Any, until: Any, most: int) -> bool:
    """Run up to so many tasks; tell whether that was enough."""
    asked: set[int] = set()
    for _ in range(most):
        if until is not None and _is_there(workflow, tasks, until):
            return True
        task_pk = _next_due(tasks, asked)
        if task_pk is None:
            if until is not None:
                _raise_not_there(workflow, tasks, until)
            return True
        if _run_one(workflow, task_pk, tasks.db):
            asked.clear()
        elif not _has_instant(workflow, tasks.get(pk=task_pk)):
            asked.add(task_pk)
        workflow.refresh_from_db()
    return False


def _is_there(workflow: Any, tasks: Any, until: str | Callable[[Any], Any]) -> bool:
    if callable(until):
        return bool(until(workflow))
    workflow.get_node(until)
    return bool(tasks.filter(name=until).exists())


def _raise_not_there(workflow: Any, tasks: Any, until: Any) -> None:
    if not _is_there(workflow, tasks, until):
        where = ", ".join(f"{task.name} ({task.status})" for task in tasks.open()) or "ended"
        where += ", and is paused" if workflow._paused is not None else ""
        raise JoeflowError(f"{workflow} never got to {until!r}; it stands at: {where}.")


def _next_due(tasks: Any, asked: set[int]) -> int | None:
    """Return the task whose turn it is; where all wait, the time of the first one has come."""
    waiting = tasks.scheduled_machine().not_paused().exclude(pk__in=asked).exclude(eta__isnull=True)
    task = waiting.annotate(now=DatabaseNow()).order_by("eta", "pk").first()
    if task is None:
        return None
    if task.eta > task.now:
        _let_pass(tasks, task.eta - task.now)
        fire_alarms(tasks.db, workflow_pk=task._workflow_id)
    return int(task.pk)


def _has_instant(workflow: Any, task: Any) -> bool:
    """Tell whether a task says when it is due; as clocks differ, it may be asked too early."""
    return hasattr(workflow.get_node(task.name), "get_due")


def _let_pass(tasks: Any, time: timedelta) -> None:
    """Let the instance be as much older, as if this time had passed."""
    tasks.open().update(created=F("created") - time)
    for column in ("eta", "due", "snoozed_until"):
        there = tasks.open().filter(**{f"{column}__isnull": False})
        there.update(**{column: F(column) - time})


def _run_one(workflow: Any, task_pk: int, using: str) -> bool:
    """Run a task; tell whether it ended."""
    step = Step(type(workflow), workflow.pk, using, task_pk, redelivered=False)
    try:
        while step.take() and step.again:
            pass  # it has only been counted so far
    except Exception as error:
        if step.task is not None and not step.committed:
            step.record_failure(error)
        raise
    return not Task.objects.using(using).open().filter(pk=task_pk).exists()
