"""Reusable machine tasks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from joeflow.engine import start_instance
from joeflow.exceptions import JoeflowError
from joeflow.typing import MACHINE

__all__ = ("Join", "Start", "Wait")

#: SQLite's clock counts milliseconds.
CLOCK_TICK = timedelta(milliseconds=1)


class Start:
    """Start an instance from code.

    Calling the node creates an instance with the given values, completes this task, and starts the
    ones that follow::

        class OrderWorkflow(Workflow):
            number = models.TextField()

            start = tasks.Start()

            def pack(self): ...

            edges = [(start, pack)]


        order = OrderWorkflow.start(number="A-17")
    """

    name: str
    type = MACHINE
    workflow_cls: Any = None
    is_start = True

    def __call__(self, **values: Any) -> Any:
        """Create an instance.

        Args:
            values: Values for the fields of the workflow.

        Returns:
            The saved instance.
        """
        if self.workflow_cls is None:
            raise JoeflowError("This Start is in no workflow; name it in the workflow's edges.")
        return start_instance(self.workflow_cls(**values), self.name)


class Join:
    """Wait until all parents have arrived, or can no longer arrive, then go on once.

    Args:
        parents: Names of the tasks to wait for; without any, all that have an edge to this one.
    """

    name: str
    type = MACHINE
    workflow_cls: Any = None
    is_join = True
    with_task = True

    def __init__(self, *parents: str) -> None:
        """Keep the names; whether they exist is checked by ``manage.py check``.

        Raises:
            JoeflowError: One of them is no name.
        """
        for parent in parents:
            if not isinstance(parent, str):
                raise JoeflowError(
                    f"Join takes the names of tasks, like Join('pack', 'bill'), not {parent!r}."
                )
        self.parents = frozenset(parents)

    def __call__(self, workflow: Any, task: Any) -> bool:
        """Tell whether the join is done: it has been found due, or all its parents have arrived."""
        if task.eta is not None:
            return True
        arrived = task.parent_task_set.values_list("name", flat=True)
        return bool(workflow._graph.join_parents(self.name) <= set(arrived))


class Wait:
    """Wait for some time, then go on.

    Args:
        duration: Elapsed time from the creation of the task.
    """

    name: str
    type = MACHINE
    workflow_cls: Any = None
    with_task = True

    def __init__(self, duration: timedelta) -> None:
        """Keep the duration.

        Raises:
            JoeflowError: It is no timedelta.
        """
        if not isinstance(duration, timedelta):
            raise JoeflowError(
                f"Wait takes a datetime.timedelta, like Wait(timedelta(hours=3)), not {duration!r}."
            )
        self.duration = duration

    def __call__(self, workflow: Any, task: Any) -> bool:
        """Tell whether the time is over."""
        now = getattr(task, "now", None) or timezone.now()  # a worker brings the database's clock
        return bool(now >= self.get_due(task) - CLOCK_TICK)

    def get_due(self, task: Any) -> Any:
        """Return the instant at which the time of a task is over."""
        return task.created + self.duration
