"""Which joins are due: from a graph and plain rows, without a database.

A join is due as soon as all its parents have arrived, or as soon as none of those that are missing
can still arrive. Joins that wait for nothing but each other would wait for ever: the oldest is due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from joeflow.graph import Graph

__all__ = ("OpenTask", "due_joins", "unheld_joins")


@dataclass(frozen=True)
class OpenTask:
    """What a decision about joins must know of an open task.

    Args:
        pk: Key; smaller is older.
        name: Name of its node.
        waiting: It is a join that has not been found due so far.
    """

    pk: int
    name: str
    waiting: bool = False


def unheld_joins(graph: Graph, open_tasks: Sequence[OpenTask]) -> list[int]:
    """Return the keys of the waiting joins that are due whatever has arrived at them, oldest first.

    No open task can bring any of their parents.

    Args:
        graph: The graph of the workflow class.
        open_tasks: All open tasks of one instance.
    """
    joins = sorted((task for task in open_tasks if task.waiting), key=lambda task: task.pk)
    return [join.pk for join in joins if not _holders(graph, join, frozenset(), open_tasks)]


def due_joins(
    graph: Graph, open_tasks: Sequence[OpenTask], arrived: Mapping[int, Set[str]]
) -> list[int]:
    """Return the keys of the waiting joins that are due, oldest first.

    Args:
        graph: The graph of the workflow class.
        open_tasks: All open tasks of one instance.
        arrived: For each waiting join's key, the names of the parents that have arrived.
    """
    joins = sorted((task for task in open_tasks if task.waiting), key=lambda task: task.pk)
    holders = {
        join.pk: _holders(graph, join, arrived.get(join.pk, frozenset()), open_tasks)
        for join in joins
    }
    due = [pk for pk, tasks in holders.items() if not tasks]
    moving = {task.pk for task in open_tasks if not task.waiting} | set(due)
    stuck = _never_reached(holders, moving)
    return due + stuck[:1]


def _holders(
    graph: Graph, join: OpenTask, arrived: Set[str], open_tasks: Sequence[OpenTask]
) -> set[int]:
    """Return the keys of the open tasks that can still bring a missing parent of the join."""
    waiting_for = graph.waiting_for(join.name)
    hopeful = {
        name
        for parent, reaching in waiting_for.items()
        if parent not in arrived
        for name in reaching
    }
    if not waiting_for.keys() - arrived:
        return set()
    return {
        task.pk
        for task in open_tasks
        if task.pk != join.pk and (task.name in hopeful or task.name not in graph.nodes)
    }


def _never_reached(holders: Mapping[int, set[int]], moving: set[int]) -> list[int]:
    """Return the joins that only wait for each other, oldest first.

    Args:
        holders: For each waiting join, the tasks that hold it.
        moving: Tasks that will end without the help of a join that still waits.
    """
    moving = set(moving)
    waiting = set(holders) - moving
    while freed := {pk for pk in waiting if holders[pk] & moving}:
        moving |= freed
        waiting -= freed
    return sorted(waiting)
