"""When a task of people is due: what its node says, and how long somebody puts it off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from joeflow.clock import DatabaseNow
from joeflow.content_types import graph_of
from joeflow.exceptions import InvalidDeadline
from joeflow.graph import show
from joeflow.typing import HUMAN, Node, User

__all__ = ("cancel_escalations", "has_deadline", "moments", "read_instant")


def has_deadline(node: Node) -> bool:
    """Tell whether tasks of a node can be due: it is one for people that says when."""
    return bool(node.type == HUMAN and getattr(node, "due", None) is not None)


def moments(node: Node, workflow: Any) -> dict[str, Any]:
    """Return the columns that say when a new task is due, and when something happens for that.

    Args:
        node: A node of people, with ``due``.
        workflow: The instance.

    Returns:
        Instants, or expressions for them; nothing where the task is never due.

    Raises:
        InvalidDeadline: The node gives neither a timedelta nor an instant.
    """
    due = _ask(node.due, workflow)
    if due is None:
        return {}
    at: Callable[[Any], Any] = DatabaseNow if isinstance(due, timedelta) else _keep
    due = due if isinstance(due, timedelta) else read_instant(due)
    # What happens when it is due: somebody is told, and a machine task may run.
    alarm = due - node.remind if node.remind else due
    return {"due": at(due), "eta": at(alarm)}


def _keep(instant: datetime) -> datetime:
    return instant


def _ask(due: Any, workflow: Any) -> Any:
    if isinstance(due, str):
        return getattr(workflow, due)()
    return due(workflow) if callable(due) else due


def cancel_escalations(current: Any, pks: Iterable[int], user: User | None) -> None:
    """Cancel what runs because these tasks are late, and has no point any more.

    What is only scheduled would find that out by itself; what has failed would stay open.

    Args:
        current: The open transition, in which the tasks were closed.
        pks: Keys of the tasks.
        user: Who closed them.
    """
    rows = current.tasks.open().filter(parent_task_set__in=list(pks))
    names = ("pk", "name", "parent_task_set__name", "content_type_id")
    pointless = [
        pk
        for pk, name, late, content_type_id in rows.values_list(*names)
        if graph_of(content_type_id, current.using).escalations.get(late) == name
    ]
    if pointless:
        current.cancel(pointless, user)


def read_instant(value: Any) -> datetime:
    """Return an instant as it is stored.

    Args:
        value: Elapsed time from now on, or an instant; one without a time zone is in the active
            one.

    Raises:
        InvalidDeadline: It is something else.
    """
    if isinstance(value, timedelta):
        return timezone.now() + value
    if not isinstance(value, datetime):
        raise InvalidDeadline(
            f"{show(value)} is no time for a task. Give a datetime.timedelta from now on, a "
            f"datetime.datetime, or None."
        )
    if settings.USE_TZ and timezone.is_naive(value):
        return timezone.make_aware(value)
    if not settings.USE_TZ and timezone.is_aware(value):
        return timezone.make_naive(value)
    return value
