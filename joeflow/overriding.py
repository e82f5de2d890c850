"""Send an instance elsewhere, and say before what that would do."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import router

from joeflow.content_types import is_of_another_class
from joeflow.events import Event
from joeflow.exceptions import InstanceChanged, JoeflowError, NodeNotFound
from joeflow.graph import show
from joeflow.successors import create_successors, task_values
from joeflow.transitions import Transition, transition
from joeflow.typing import HUMAN, Node, User

__all__ = ("OverridePlan", "override", "plan_override", "read_nodes")

logger = logging.getLogger("joeflow")


@dataclass(frozen=True)
class OverridePlan:
    """What an override would do at the moment.

    Args:
        workflow: The instance.
        canceled: The tasks that are open, and would be canceled.
        started: Names of the nodes that would be started; none of them: the instance would end.
        left: Names of the nodes whose tasks have been completed, and would stay so.
    """

    workflow: Any
    canceled: tuple[Any, ...]
    started: tuple[str, ...]
    left: tuple[str, ...]

    @property
    def seen(self) -> tuple[int, ...]:
        """Keys of the open tasks, by which one can tell later whether this is still the plan."""
        return tuple(task.pk for task in self.canceled)

    @property
    def ends(self) -> bool:
        """Whether nothing would be open afterwards."""
        return not self.started

    def apply(self, by: User | None = None, reason: str = "") -> Any:
        """Do it.

        Args:
            by: Who does it.
            reason: Why; shown in the history.

        Returns:
            The closed task that stands for the override in the history.

        Raises:
            InstanceChanged: Other tasks are open by now; nothing was done.
            InstanceLocked: The instance was busy for longer than ``JOEFLOW_LOCK_TIMEOUT``.
            JoeflowError: The instance was deleted.
        """
        return override(self.workflow, self.started, by, seen=self.seen, reason=reason)


def read_nodes(model: Any, nodes: Iterable[Node | str]) -> list[str]:
    """Return the names of the nodes that an override shall start.

    Args:
        model: The workflow class, or an instance of it.
        nodes: Nodes, or their names.

    Raises:
        NodeNotFound: A node is not one of this workflow.
        JoeflowError: A node is a start.
    """
    if isinstance(nodes, (str, bytes, Mapping)) or not isinstance(nodes, Iterable):
        raise NodeNotFound(f"{show(nodes)} is no list of nodes; write a list, like ['ship'].")
    graph = model._graph
    names = []
    for node in nodes:
        if isinstance(node, str):
            graph.get_node(node)
        names.append(node if isinstance(node, str) else graph.name_of(node))
    for name in names:
        if name in graph.starts:
            raise JoeflowError(f"{name!r} is a start: it makes a new instance, and cannot follow.")
    return list(dict.fromkeys(names))


def plan_override(workflow: Any, nodes: Iterable[Node | str]) -> OverridePlan:
    """Find out what an override would do, and do none of it.

    Args:
        workflow: The instance.
        nodes: Nodes to go on with, or their names; none of them ends the instance.

    Raises:
        NodeNotFound: A node is not one of this workflow.
        JoeflowError: A node is a start, or the instance is of another class.
    """
    names = read_nodes(workflow, nodes)
    task_model = _task_model()
    tasks = task_model._default_manager.using(router.db_for_write(task_model))
    tasks = tasks.filter(_workflow_id=workflow.pk)
    canceled = tuple(tasks.open().defer("stacktrace", "before").order_by("pk"))
    _refuse_another_class(workflow, canceled or tasks.order_by("-pk")[:1])
    done = set(tasks.succeeded().order_by().values_list("name", flat=True).distinct())
    left = tuple(name for name in workflow._graph.nodes if name in done)
    return OverridePlan(workflow, canceled, tuple(names), left)


def override(
    workflow: Any,
    next_nodes: Iterable[Node | str],
    user: User | None = None,
    seen: Sequence[int] | None = None,
    reason: str = "",
    *,
    wait: bool = True,
) -> Any:
    """Send an instance elsewhere: cancel what is open, and start the chosen nodes.

    Where the instance is paused, the nodes start when it is resumed.

    Args:
        workflow: The instance.
        next_nodes: Nodes to go on with, or their names; none of them ends the instance.
        user: Who does it.
        seen: Keys of the open tasks that the person saw; None where nobody looked.
        reason: Why; shown in the history.
        wait: Wait for the instance, up to ``JOEFLOW_LOCK_TIMEOUT``.

    Returns:
        The closed task that stands for the override in the history.

    Raises:
        InstanceChanged: Other tasks are open by now.
        InstanceLocked: The instance was busy for longer than ``JOEFLOW_LOCK_TIMEOUT``.
        NodeNotFound: A node is not one of this workflow.
        JoeflowError: A node is a start, the instance was deleted, or is of another class.
    """
    names = read_nodes(workflow, next_nodes)
    with transition(_task_model(), workflow.pk, wait=wait) as current:
        if not current.found:
            raise JoeflowError(f"{workflow} is gone; nobody can override it.")
        open_tasks = list(current.tasks.open())
        if seen is not None and set(seen) != {task.pk for task in open_tasks}:
            raise InstanceChanged
        parents = open_tasks or list(current.tasks.order_by("-pk")[:1])
        _refuse_another_class(workflow, parents)
        if open_tasks:
            current.cancel([task.pk for task in open_tasks], user)
        task = _write_override(current, workflow, names, parents, user)
        if reason:
            data = {"canceled": [each.pk for each in open_tasks]}
            current.record(Event.OVERRIDDEN, task, user, reason, data)
        return task


def _refuse_another_class(workflow: Any, tasks: Iterable[Any]) -> None:
    if is_of_another_class(workflow, tasks):
        raise JoeflowError(
            f"Instance {workflow.pk} is none of {workflow._meta.label}, but of a class that "
            f"shares its rows; nobody can override it as one."
        )


def _write_override(
    current: Transition, workflow: Any, names: list[str], parents: list[Any], user: User | None
) -> Any:
    task = current.task_model(**task_values(workflow, "override", HUMAN))
    task._state.db = current.using
    task.finish(user)
    task.parent_task_set.add(*parents)
    create_successors(current, workflow, [task], names)
    logger.info(
        "event=override workflow_pk=%s task=%s user=%s next=%s",
        workflow.pk,
        task.pk,
        getattr(user, "pk", None),
        ",".join(names),
    )
    return task


def _task_model() -> Any:
    return apps.get_model("joeflow", "Task")
