"""What follows a task that a person has completed: what has been done, and what is still to be."""

from __future__ import annotations

from typing import Any

from joeflow.clock import DatabaseNow
from joeflow.graph import Graph, is_join

__all__ = ("Followers",)


class Followers:
    """What follows a completed task: what has been done, and what is still to be done.

    Args:
        tasks: All tasks of the instance.
        task: The task.
        graph: The graph of its class.
    """

    def __init__(self, tasks: Any, task: Any, graph: Graph) -> None:
        """Read all that follows."""
        self._tasks = tasks
        self._task = task
        self._graph = graph
        self._links = tasks.model.parent_task_set.through._base_manager.using(tasks.db)
        self.done: list[Any] = []
        self.canceled: list[Any] = []
        #: Open joins at which somebody else has arrived, too.
        self._shared: list[int] = []
        self._descend([task.pk], escalation=graph.escalations.get(task.name))
        self._find_released_joins()

    def _descend(self, parents: list[int], escalation: str | None = None) -> None:
        """Sort what follows some tasks, and what follows that.

        Args:
            parents: Keys of the tasks.
            escalation: What was started by them without waiting for them, as they were late.
        """
        children = self._tasks.filter(parent_task_set__in=parents).exclude(name=escalation or "")
        further = []
        for child in children.defer("stacktrace", "before").distinct().order_by("pk"):
            if _has_run(child, self._graph):
                self.done.append(child)
            elif child.completed is None and self._is_shared(child):
                self._shared.append(child.pk)
            else:
                further.append(child.pk)
                if child.completed is None:
                    self.canceled.append(child)
        if further:
            self._descend(further)

    def _is_shared(self, child: Any) -> bool:
        others = self._links.filter(from_task_id=child.pk).exclude(to_task_id=self._task.pk)
        return child.name in self._graph.joins and bool(others.exists())

    def _held_joins(self) -> list[str]:
        """Return the names of the joins that wait for this task while it is open."""
        name = self._task.name
        waiting = ((join, self._graph.waiting_for(join)) for join in self._graph.joins)
        return sorted(join for join, for_ in waiting if any(name in n for n in for_.values()))

    def _find_released_joins(self) -> None:
        """Find joins that have run only as this task could not come to them any more."""
        names = self._held_joins()
        if not names:
            return
        since = self._tasks.succeeded().filter(name__in=names, completed__gte=self._task.completed)
        for join in since.exclude(pk__in=[task.pk for task in self.done]).order_by("pk"):
            arrived = set(join.parent_task_set.values_list("name", flat=True))
            missing = self._graph.join_parents(join.name) - arrived
            waiting_for = self._graph.waiting_for(join.name)
            if any(self._task.name in waiting_for[parent] for parent in missing):
                self.done.append(join)

    def leave_joins(self) -> None:
        """Take back the arrival, and let joins wait again that were only due without the task."""
        if self._shared:
            self._links.filter(from_task_id__in=self._shared, to_task_id=self._task.pk).delete()
        names = self._held_joins()
        if names:
            due = self._tasks.scheduled_machine().filter(name__in=names, eta__isnull=False)
            due.update(eta=None, attempts=0, starts=0, modified=DatabaseNow())


def _has_run(task: Any, graph: Graph) -> bool:
    """Tell whether something has been done for a task; what waits has done nothing so far.

    Args:
        task: The task.
        graph: The graph of its class.
    """
    if task.status == task.SUCCEEDED:
        return True
    node = graph.nodes.get(task.name)
    if node is not None and (is_join(node) or hasattr(node, "get_due")):
        return False
    return task.started is not None or bool(task.starts)
