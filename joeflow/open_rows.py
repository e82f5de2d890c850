"""The open tasks of an instance, read once in a transition, and what they say of its joins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from joeflow.content_types import graph_of
from joeflow.graph import Graph
from joeflow.joins import OpenTask, due_joins, unheld_joins
from joeflow.statements import OPEN
from joeflow.typing import MACHINE

__all__ = ("OpenRows", "read_open_rows")


@dataclass(frozen=True)
class OpenRows:
    """The open tasks of an instance.

    Args:
        using: Alias of the database.
        task_model: The model `Task`.
        graph: The graph of their class.
        tasks: What a decision about joins must know of each.
        read: Those that were read, by their keys.
        arrived: For joins that are new, by their keys, the names of the parents that have arrived.
    """

    using: str
    task_model: Any
    graph: Graph
    tasks: list[OpenTask]
    read: dict[int, Any]
    arrived: dict[int, set[str]] = field(default_factory=dict)

    def waiting_joins(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the joins of these names that wait, by name; the oldest of several."""
        joins = [row for row in self.tasks if row.waiting and row.name in names]
        newest_first = sorted(joins, key=lambda row: row.pk, reverse=True)
        return {row.name: self.read[row.pk] for row in newest_first}

    def together_with(self, tasks: Iterable[Any], parents: Sequence[Any]) -> OpenRows:
        """Return these rows and those that were just created.

        Args:
            tasks: The new tasks.
            parents: What they follow.
        """
        names = {parent.name for parent in parents}
        new = [OpenTask(task.pk, task.name, task.name in self.graph.joins) for task in tasks]
        arrived = {row.pk: set(names) for row in new if row.waiting}
        return OpenRows(
            self.using, self.task_model, self.graph, self.tasks + new, self.read, arrived
        )

    def due_joins(self, others: Sequence[OpenTask] = ()) -> list[int]:
        """Return the keys of the waiting joins that wait for nothing any more, oldest first.

        Args:
            others: What counts as open besides.
        """
        rows = [*self.tasks, *others]
        waiting = [row.pk for row in rows if row.waiting]
        due = unheld_joins(self.graph, rows)
        if len(due) == len(waiting):
            return due  # nobody need be asked who has arrived
        return due_joins(self.graph, rows, self._arrived(waiting))

    def _arrived(self, joins: list[int]) -> dict[int, set[str]]:
        links = self.task_model.parent_task_set.through._base_manager.using(self.using)
        arrived = {pk: set(self.arrived.get(pk, ())) for pk in joins}
        asked = [pk for pk in joins if pk not in self.arrived]
        if asked:
            rows = links.filter(from_task_id__in=asked)
            for join, parent in rows.values_list("from_task_id", "to_task__name"):
                arrived[join].add(parent)
        return arrived


def read_open_rows(
    using: str, task_model: Any, workflow_pk: int, graph: Graph | None = None
) -> OpenRows:
    """Return the open tasks as the database has them now.

    Args:
        using: Alias of the database.
        task_model: The model `Task`.
        workflow_pk: Key of the instance.
        graph: The graph of the class; None: that of the tasks.
    """
    found = OPEN.read(using, task_model, workflow_pk=workflow_pk)
    if graph is None:
        graph = graph_of(found[0].content_type_id, using) if found else Graph()
    rows = [OpenTask(task.pk, task.name, _is_waiting_join(task, graph)) for task in found]
    return OpenRows(using, task_model, graph, rows, {task.pk: task for task in found})


def _is_waiting_join(task: Any, graph: Graph) -> bool:
    """Tell whether an open task is a join that has not been found due so far."""
    return (
        task.name in graph.joins
        and task.type == MACHINE
        and task.eta is None
        and task.status == task.SCHEDULED
    )
