"""Signals, sent after commit; a receiver that raises is logged and changes nothing."""

from __future__ import annotations

from django.dispatch import Signal

__all__ = (
    "task_assigned",
    "task_failed",
    "task_overdue",
    "task_reminded",
    "task_succeeded",
    "workflow_ended",
)

#: Sent with ``task_pk``, ``workflow_pk``, ``name`` and ``using``; the sender is the workflow class.
task_succeeded = Signal()

#: Sent with ``task_pk``, ``workflow_pk``, ``name`` and ``using``; the sender is the workflow class.
task_failed = Signal()

#: Sent with ``workflow_pk`` and ``using``; the sender is the workflow class.
workflow_ended = Signal()

#: Sent when a human task was created for people, or handed over, with the arguments of
#: `task_succeeded`.
task_assigned = Signal()

#: Sent when a human task is nearly due, with the arguments of `task_succeeded`.
task_reminded = Signal()

#: Sent when a human task has become late, with the arguments of `task_succeeded`.
task_overdue = Signal()
