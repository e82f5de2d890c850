"""Write the tasks that follow a task, and the links to their parents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction as database_transaction
from django.utils import timezone

from joeflow.access import is_shared_out
from joeflow.clock import DatabaseNow
from joeflow.conf import settings
from joeflow.content_types import content_type_of
from joeflow.deadlines import has_deadline, moments
from joeflow.dispatch import Delivery
from joeflow.exceptions import JoeflowError
from joeflow.graph import Graph, is_join
from joeflow.open_rows import read_open_rows
from joeflow.recipients import give
from joeflow.signals import task_assigned
from joeflow.statements import INSERT_LINKS, INSERT_TASKS
from joeflow.transitions import Transition
from joeflow.typing import HUMAN, MACHINE, Node

__all__ = ("create_successors", "delay_until", "schedule", "task_values")


def create_successors(
    current: Transition, workflow: Any, parents: Sequence[Any], names: Iterable[str]
) -> list[Any]:
    """Create a task for each of the named nodes, linked to its parents.

    Args:
        current: The open transition of the instance.
        workflow: The instance.
        parents: The tasks that the new ones follow.
        names: Names of nodes of the instance's graph; a name that comes twice counts once.

    Returns:
        The tasks, in the order of the names. A join that still waits is taken instead of a new one.
    """
    # Where somebody catches what a hook raises, the half of it must not be committed.
    with database_transaction.mark_for_rollback_on_error(using=current.using):
        return _create_all(current, workflow, parents, list(dict.fromkeys(names)))


def _create_all(
    current: Transition, workflow: Any, parents: Sequence[Any], names: list[str]
) -> list[Any]:
    graph: Graph = workflow._graph
    current.has_joins = current.has_joins or bool(graph.joins)
    open_rows = current.open_rows = None
    if graph.joins.intersection(names):
        keys = current.task_model, current.workflow_pk
        open_rows = read_open_rows(current.using, *keys, graph)
    found = open_rows.waiting_joins(names) if open_rows is not None else {}
    for name in names:
        if name not in found and has_own_create_task(graph.nodes[name]):
            found[name] = _create_by_hook(current, workflow, parents[-1], graph.nodes[name])
    plain = _create_plain(current, workflow, [graph.nodes[n] for n in names if n not in found])
    found |= {task.name: task for task in plain}
    tasks = [found[name] for name in names]
    _link(current, tasks, parents)
    if open_rows is not None and not any(has_own_create_task(graph.nodes[n]) for n in names):
        current.open_rows = open_rows.together_with(plain, parents)
    current.created.update(task.pk for task in tasks)
    for parent in parents:
        current.unfollowed.pop(parent.pk, None)
        current.followed.add(parent.pk)
    return tasks


def _create_plain(current: Transition, workflow: Any, nodes: list[Node]) -> list[Any]:
    """Create tasks of nodes that have no way of their own to do so, all in one statement."""
    shared = [node for node in nodes if node.type == HUMAN and is_shared_out(node)]
    recipients = {node.name: node.get_assignees(workflow) for node in shared}
    deadlines = {node.name: moments(node, workflow) for node in nodes if has_deadline(node)}
    tasks = [_new_task(current, workflow, node, recipients.get(node.name)) for node in nodes]
    for task in tasks:
        vars(task).update(deadlines.get(task.name, {}))
    INSERT_TASKS.save(current.using, current.task_model, tasks)
    for task in tasks:
        if to := give(task, recipients.get(task.name)):
            current.tell_task(task_assigned, "task_assigned", task, to=to)
    pairs = list(zip(tasks, nodes, strict=True))
    _date_by_database(current, [task for task, node in pairs if _delay(node)])
    for task, node in pairs:
        _deliver(current, task, node)
        if isinstance(deadlines.get(node.name, {}).get("due"), datetime):
            _set_deadline(current, task, deadlines[node.name])
        elif node.name in deadlines:
            task.__dict__.pop("due", None)
    return tasks


def _set_deadline(current: Transition, task: Any, columns: dict[str, Any]) -> None:
    current.tasks.filter(pk=task.pk).update(**columns)
    for name in columns:
        task.__dict__.pop(name, None)  # read from the database when it is asked for


def has_own_create_task(node: Node) -> bool:
    """Tell whether a node makes its rows itself, and not as everybody does."""
    hook = getattr(node, "create_task", None)
    return hook is not None and not getattr(hook, "makes_plain_task", False)


def task_values(workflow: Any, name: str, kind: str) -> dict[str, Any]:
    """Return the columns that tell whose task it is, and which.

    Args:
        workflow: The saved instance.
        name: Name of the node.
        kind: Human or machine.
    """
    return {
        "name": name,
        "type": kind,
        "_workflow_id": workflow.pk,
        "content_type": content_type_of(workflow, workflow._state.db),
    }


def schedule(delay: timedelta) -> dict[str, Any]:
    """Return the columns of a machine task that is due after a delay.

    What is due before the next sweeps is handed out with the delay. Brokers hold long delays
    badly, so what is due later stays in the database until the recovery finds it due.
    """
    return {"eta": DatabaseNow(delay), "attempts": int(is_near(delay))}


def delay_until(countdown: float | None, eta: datetime | None) -> timedelta:
    """Return the time until something is due, from seconds or an instant; never negative."""
    if eta is not None:
        return max(eta - timezone.now(), timedelta(0))
    return max(timedelta(seconds=countdown or 0), timedelta(0))


def is_near(delay: timedelta) -> bool:
    """Tell whether something is due before the sweeps can be relied on to find it in time."""
    return delay <= timedelta(seconds=2 * settings.JOEFLOW_SWEEP_SECONDS)


def _new_task(current: Transition, workflow: Any, node: Node, recipients: Any) -> Any:
    task = current.task_model(**task_values(workflow, node.name, node.type))
    task.is_given = recipients is not None
    if node.type == MACHINE and not is_join(node):
        for column, value in schedule(_delay(node)).items():
            setattr(task, column, value)
    return task


def _delay(node: Node) -> timedelta:
    duration = getattr(node, "duration", None)  # a node may use the name for something else
    return duration if isinstance(duration, timedelta) else timedelta(0)


def _date_by_database(current: Transition, waits: list[Any]) -> None:
    """Let a wait begin by the clock that will say when it is over."""
    if waits:
        pks = [task.pk for task in waits]
        current.tasks.filter(pk__in=pks).update(created=DatabaseNow())
    for task in waits:
        task.__dict__.pop("created", None)


def _deliver(current: Transition, task: Any, node: Node) -> None:
    if task.attempts:
        countdown = _delay(node).total_seconds() or None
        current.deliver(Delivery(task.pk, current.workflow_pk, countdown=countdown))
    task.__dict__.pop("eta", None)  # an expression so far: read it from the database when asked


def _create_by_hook(current: Transition, workflow: Any, parent: Any, node: Node) -> Any:
    task = node.create_task(workflow, parent)
    if not isinstance(task, current.task_model) or task.pk is None:
        raise JoeflowError(
            f"{node.name}.create_task() returned {task!r}; it must return the saved task."
        )
    if task.type != HUMAN and task.eta is None and not is_join(node):
        columns = schedule(_delay(node))
        current.tasks.filter(pk=task.pk).update(**columns)
        task.attempts = columns["attempts"]
        _deliver(current, task, node)
    if has_deadline(node) and task.due is None and (columns := moments(node, workflow)):
        _set_deadline(current, task, columns)
    # Whom a hook has given it to must be read, so nobody does for whom it is no news.
    is_heard = hasattr(node, "note_mail") or task_assigned.has_listeners(type(workflow))
    if task.type == HUMAN and is_heard:
        told = current.told(task_assigned, task)
        if to := [each for each in task.recipients if each not in told]:
            current.tell_task(task_assigned, "task_assigned", task, to=to)
    return task


def _link(current: Transition, tasks: list[Any], parents: Sequence[Any]) -> None:
    links = current.task_model.parent_task_set.through
    pairs = [{"from_task_id": t.pk, "to_task_id": p.pk} for t in tasks for p in parents]
    if INSERT_LINKS.insert(current.using, links, pairs) is None:
        links._base_manager.using(current.using).bulk_create(links(**pair) for pair in pairs)
