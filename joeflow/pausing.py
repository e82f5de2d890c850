"""Let nothing start in an instance for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db.models import Case, When

from joeflow.clock import DatabaseNow
from joeflow.dispatch import Delivery
from joeflow.events import Event
from joeflow.exceptions import InstanceEnded, JoeflowError
from joeflow.transitions import Transition, transition
from joeflow.typing import User

__all__ = ("last_pause", "pause", "resume")

#: How far apart in time tasks are that run in this order; SQLite's clock knows no less.
TICK = timedelta(milliseconds=1)


def pause(workflow: Any, by: User | None = None, reason: str = "", *, wait: bool = True) -> bool:
    """Let nothing start in an instance, until it is resumed.

    A machine task that runs at the moment comes to its end before.

    Args:
        workflow: The instance.
        by: Who does it.
        reason: Why; shown to whoever comes upon it.
        wait: Wait for the instance, up to ``JOEFLOW_LOCK_TIMEOUT``.

    Returns:
        False where it is paused already: who did so first, and why, stays.

    Raises:
        InstanceLocked: A task ran for longer than ``JOEFLOW_LOCK_TIMEOUT``.
        InstanceEnded: The instance has ended.
        JoeflowError: It was deleted.
    """
    with _transition(workflow, wait=wait) as current:
        rows = current.instances
        is_new = bool(rows.filter(_paused=None, _ended=None).update(_paused=DatabaseNow()))
        if is_new:
            current.record(Event.PAUSED, None, by, reason)
        elif not rows.filter(_paused__isnull=False).exists():
            _refuse(workflow, current)
    vars(workflow).pop("_paused", None)  # read the database's own time when it is asked for
    return is_new


def resume(workflow: Any, by: User | None = None, *, wait: bool = True) -> bool:
    """Let a paused instance go on; what has become due meanwhile is handed out once.

    Args:
        workflow: The instance.
        by: Who does it.
        wait: Wait for the instance, up to ``JOEFLOW_LOCK_TIMEOUT``.

    Returns:
        False where it is not paused.

    Raises:
        InstanceLocked: Somebody else works on it for longer than ``JOEFLOW_LOCK_TIMEOUT``.
        JoeflowError: The instance was deleted.
    """
    with _transition(workflow, wait=wait) as current:
        was_paused = bool(current.instances.filter(_paused__isnull=False).update(_paused=None))
        if was_paused:
            current.record(Event.RESUMED, None, by)
            _hand_out_due(current)
            _hand_out_near(current)
        elif not current.found:
            _refuse(workflow, current)
    vars(workflow).pop("_paused", None)
    return was_paused


def last_pause(workflow: Any) -> Event | None:
    """Return who paused an instance, when and why; None where nobody wrote that down.

    Args:
        workflow: The paused instance.
    """
    rows = Event._base_manager.using(workflow._state.db).filter(_workflow=workflow.pk)
    return rows.filter(kind=Event.PAUSED).select_related("user").order_by("-pk").first()


def _transition(workflow: Any, *, wait: bool) -> Any:
    return transition(apps.get_model("joeflow", "Task"), workflow.pk, wait=wait)


def _refuse(workflow: Any, current: Transition) -> None:
    if not current.found:
        raise JoeflowError(f"{workflow} is gone; nobody can pause or resume it.")
    raise InstanceEnded(f"{workflow} has ended; there is nothing to pause.")


def _hand_out_due(current: Transition) -> None:
    """Hand out what is due, as if that were so for the first time, in the same order."""
    due = list(current.tasks.due().order_by("eta", "pk").values_list("pk", flat=True))
    if not due:
        return
    # As of now, else the next sweep would take the messages for lost.
    moments = [
        When(pk=pk, then=DatabaseNow(-TICK * place)) for place, pk in enumerate(reversed(due))
    ]
    rows = current.tasks.filter(pk__in=due)
    rows.update(eta=Case(*moments), attempts=1, modified=DatabaseNow())
    for pk in due:
        current.deliver(Delivery(pk, current.workflow_pk))


def _hand_out_near(current: Transition) -> None:
    """Hand out anew what is due soon: its message may have come too early, and was dropped."""
    tasks = current.tasks.scheduled_machine().filter(attempts__gt=0, eta__gt=DatabaseNow())
    for pk, eta, now in tasks.annotate(now=DatabaseNow()).values_list("pk", "eta", "now"):
        seconds = max((eta - now).total_seconds(), TICK.total_seconds())
        current.deliver(Delivery(pk, current.workflow_pk, countdown=seconds))
