"""The words and shapes that all rooms share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

__all__ = ("HUMAN", "MACHINE", "logged_in")

HUMAN: Literal["human"] = "human"
MACHINE: Literal["machine"] = "machine"

#: A view instance, a method or another callable that stands in ``edges``.
Node: TypeAlias = Any

#: Pairs of nodes: (start, end).
Edges: TypeAlias = Iterable[tuple[Node, Node]]

User: TypeAlias = "AbstractBaseUser | AnonymousUser"


def logged_in(user: User | None) -> Any:
    """Return the user where somebody is logged in, else None."""
    return user if user is not None and user.is_authenticated else None


class TaskColumns:
    """What the parts of the model `Task` know of it; the columns themselves are in its module."""

    if TYPE_CHECKING:
        FAILED: str
        SUCCEEDED: str
        SCHEDULED: str
        CANCELED: str

        pk: Any
        content_type_id: Any
        workflow: Any
        name: Any
        type: Any
        status: Any
        completed: Any
        completed_by_user: Any
        assignees: Any
        assigned_groups: Any
        is_given: Any
        due: Any
        eta: Any
        snoozed_until: Any
        node: Any
        _state: Any
        _workflow_id: Any
        _default_manager: Any

        @property
        def is_late(self) -> bool: ...

        def save(self, **options: Any) -> None: ...


class TaskRunner(Protocol):
    """What ``JOEFLOW_TASK_RUNNER`` names: carries the keys of a task to a worker."""

    def __call__(
        self,
        *,
        task_pk: int,
        workflow_pk: int,
        countdown: float | None,
        eta: datetime | None,
    ) -> Any:
        """Send a message for the task.

        Args:
            task_pk: Key of the task.
            workflow_pk: Key of the task's workflow instance.
            countdown: Seconds to wait before the task runs.
            eta: Instant before which the task must not run.

        Returns:
            Whatever the message system gives for a message; `.Task.enqueue` hands it on.
        """
