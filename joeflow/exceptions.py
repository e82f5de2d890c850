"""All errors that joeflow raises on its own account."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

__all__ = (
    "InstanceChanged",
    "InstanceEnded",
    "InstanceLocked",
    "InvalidAssignees",
    "InvalidDeadline",
    "InvalidDefinition",
    "InvalidNextNodes",
    "JoeflowError",
    "MissingExtra",
    "NeverCameBack",
    "NodeNotFound",
    "RendererMissing",
    "TaskClosed",
    "TaskTaken",
    "TimeLimitExceeded",
    "UndoRefused",
    "UnknownWorkflow",
)


class JoeflowError(Exception):
    """Something in joeflow went wrong."""

    def __init__(self, message: str | None = None) -> None:
        """Take the class's own docstring as message where none is given."""
        super().__init__(message or inspect.getdoc(type(self)) or "")


class InvalidDefinition(JoeflowError, TypeError):
    """The nodes and edges of a workflow class cannot be bound."""


class InvalidNextNodes(JoeflowError):
    """A task returned something that cannot follow it."""


class InvalidAssignees(JoeflowError, TypeError):
    """A task can be given to users and groups that are saved, and to nothing else."""


class InvalidDeadline(JoeflowError, TypeError):
    """A task is due after a timedelta, or at a datetime."""


class NodeNotFound(JoeflowError, LookupError):
    """The workflow class has no such node."""


class UnknownWorkflow(JoeflowError, LookupError):
    """The task is of a workflow class that no worker knows."""


class NeverCameBack(JoeflowError):
    """The task was started again and again and never came back."""


class TimeLimitExceeded(JoeflowError):
    """The task has run for longer than ``JOEFLOW_TIME_LIMIT``."""


class TaskClosed(JoeflowError):
    """The task is closed: it has been completed or canceled before."""

    @classmethod
    def for_task(cls, task: Any, row: Any) -> TaskClosed:
        """Return the exception that says what became of a task.

        Args:
            task: The task as somebody has it.
            row: The task as it is in the database now; None where it is gone.
        """
        if row is None:
            return cls(f"Task {task} is gone; its workflow instance was deleted.")
        by = f" by {row.completed_by_user}" if row.completed_by_user else ""
        return cls(
            f"Task {task} is closed: {row.status} at {row.completed}{by}. "
            f"To go there again, use an override."
        )


class TaskTaken(JoeflowError):
    """Somebody else has the task."""

    def __init__(self, message: str | None = None, holders: Sequence[Any] = ()) -> None:
        """Take the message, and who has the task."""
        super().__init__(message)
        self.holders = tuple(holders)


class UndoRefused(JoeflowError):
    """What a person has done cannot be taken back any more."""

    def __init__(
        self,
        message: str | None = None,
        tasks: Sequence[Any] = (),
        fields: Sequence[str] = (),
    ) -> None:
        """Take the message, the tasks that have been done since, and the fields that changed."""
        super().__init__(message)
        self.tasks = tuple(tasks)
        self.fields = tuple(fields)


class InstanceChanged(JoeflowError):
    """The tasks of this instance have changed since they were shown; look again."""


class InstanceEnded(JoeflowError):
    """The workflow instance has ended; there is nothing to pause."""


class InstanceLocked(JoeflowError):
    """Somebody else is working on this workflow instance; try again in a moment."""


class MissingExtra(JoeflowError, ImportError):
    """An optional package is missing; install the extra of joeflow that brings it."""

    #: A template that shows a graph goes on without it.
    silent_variable_failure = True


class RendererMissing(MissingExtra):
    """No program to draw diagrams was found; install Graphviz or joeflow[graphviz-pure]."""
