"""What can be wrong with when a task of people is due."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.checks import CheckMessage, Error

from joeflow.graph import is_escalation, show
from joeflow.typing import Node

__all__ = ("check_deadlines", "takes_one")

_NOTHING = timedelta(0)


def check_deadlines(node: Node) -> Iterator[CheckMessage]:
    """Find what would fail when a task is created, or when it is late.

    Args:
        node: A node of people, bound to its class.
    """
    if node.due is not None:
        yield from _check_due(node)
    if node.remind is not None:
        yield from _check_remind(node)
    if node.overdue is not None:
        yield from _check_overdue(node)


def _error(node: Node, problem: str, hint: str, **options: str) -> CheckMessage:
    label = f"{node.workflow_cls._meta.label}.{node.name}"
    return Error(f"{label} {problem}.", hint=hint, obj=node.workflow_cls, **options)


def _check_due(node: Node) -> Iterator[CheckMessage]:
    due, name = node.due, node.workflow_cls.__name__
    if node.is_start:
        hint = "Leave due out, or move it to a task that follows."
        yield _error(node, "is a start, and never late", hint, id="joeflow.E032")
    elif isinstance(due, str):
        if not callable(getattr(node.workflow_cls, due, None)):
            hint = (
                f"Give {name} a method {due}(self), which returns a timedelta, a datetime or None."
            )
            yield _error(node, f"has due={due!r}, which is no method", hint, id="joeflow.E032")
    elif isinstance(due, timedelta):
        if due <= _NOTHING:
            hint = "Give more time, or leave due out."
            yield _error(node, f"has due={due!r}, and is late at once", hint, id="joeflow.E032")
    elif not takes_one(due):
        hint = "Set due to a timedelta, to a function of the instance, or to the name of a method."
        yield _error(node, f"has due={show(due)}", hint, id="joeflow.E032")


def _check_remind(node: Node) -> Iterator[CheckMessage]:
    remind = node.remind
    if not isinstance(remind, timedelta) or remind <= _NOTHING:
        hint = "Set remind to a timedelta: how long before it is due."
        yield _error(node, f"has remind={show(remind)}", hint, id="joeflow.E033")
    elif node.due is None:
        hint = "Say when it is due, like due=timedelta(days=3)."
        yield _error(node, "has remind, and is never due", hint, id="joeflow.E033")
    elif isinstance(node.due, timedelta) and remind >= node.due:
        hint = "Remind people later, or give them more time."
        problem = "reminds people before there is anything to be reminded of"
        yield _error(node, problem, hint, id="joeflow.E033")


def _check_overdue(node: Node) -> Iterator[CheckMessage]:
    workflow, name = node.workflow_cls, node.overdue
    if node.due is None:
        hint = "Say when it is due, like due=timedelta(days=3)."
        yield _error(node, "has overdue, and is never due", hint, id="joeflow.E034")
    if not is_escalation(workflow, name):
        problem = f"has overdue={show(name)}, which is no task for a machine"
        hint = f"Name a method of {workflow.__name__}, which is no start and no join."
        yield _error(node, problem, hint, id="joeflow.E034")
    elif workflow._graph.predecessors(name):
        listed = ", ".join(workflow._graph.predecessors(name))
        problem = f"has overdue={name!r}, to which edges lead, too (from {listed})"
        hint = "Give what runs when a task is late a task of its own, and edges from it alone."
        yield _error(node, problem, hint, id="joeflow.E034")


def takes_one(function: Any) -> bool:
    """Tell whether something can be called with one argument, as far as one can see.

    Args:
        function: Anything.
    """
    if not callable(function):
        return False
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    except ValueError:  # a callable without a readable signature, e.g. from C
        return True
    return True
