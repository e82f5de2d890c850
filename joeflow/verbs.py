"""What can be done to a task: complete, cancel, fail and schedule it, and start what follows."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from joeflow.clock import DatabaseNow
from joeflow.content_types import graph_of
from joeflow.deadlines import cancel_escalations
from joeflow.dispatch import Delivery
from joeflow.events import Event
from joeflow.exceptions import JoeflowError, TaskClosed
from joeflow.graph import Graph
from joeflow.signals import task_failed, task_succeeded
from joeflow.successors import create_successors, delay_until, is_near
from joeflow.tracebacks import describe_exception
from joeflow.tracking import kept_changes
from joeflow.transitions import Transition, transition
from joeflow.typing import HUMAN, Node, TaskColumns, User, logged_in

__all__ = ("Verbs",)


class Verbs(TaskColumns):
    """How tasks are done: a part of the model `Task`.

    Each verb locks the instance and is a transaction of its own, unless one of joeflow's is open.
    """

    def _transition(self, *, lock: bool = True) -> AbstractContextManager[Transition]:
        return transition(type(self), self._workflow_id, lock=lock)

    def finish(self, user: User | None = None) -> None:
        """Complete the task; what follows is for `start_next_tasks`.

        Call both in one ``transaction.atomic()``: between two transactions the instance is one in
        which nothing follows this task, so that it can end, and a join no longer waits for it.

        Args:
            user: Who did it; ignored where nobody is logged in.

        Raises:
            TaskClosed: It has been completed or canceled before.
        """
        if self._state.adding:
            self.status = self.SUCCEEDED
            self.completed = DatabaseNow()
            self.completed_by_user = logged_in(user)
            with self._transition(lock=False) as current:
                self.save()
                current.closed.add(self.pk)
                current.unfollowed[self.pk] = self.name
                current.tell_task(task_succeeded, "task_succeeded", self)
            self.__dict__.pop("completed", None)
            return
        with self._transition() as current:
            if not current.complete(self.pk, user=user, before=kept_changes(self)):
                self._raise_closed(current.using)
            self._cancel_escalation(current, user)
            current.unfollowed[self.pk] = self.name
            current.tell_task(task_succeeded, "task_succeeded", self)
        self._show_closed(self.SUCCEEDED, user)

    def cancel(self, user: User | None = None) -> None:
        """Cancel the task.

        Args:
            user: Who did it; ignored where nobody is logged in.

        Raises:
            TaskClosed: It has been completed or canceled before.
        """
        with self._transition() as current:
            if not current.cancel([self.pk], user):
                self._raise_closed(current.using)
            self._cancel_escalation(current, user)
        self._show_closed(self.CANCELED, user)

    def _cancel_escalation(self, current: Transition, user: User | None) -> None:
        # Not by the clock of this server alone: the database's has started it, and marked that.
        if self.type == HUMAN and self.due is not None and (self.eta is None or self.is_late):
            cancel_escalations(current, [self.pk], user)

    def _show_closed(self, status: str, user: User | None) -> None:
        self.status, self.completed_by_user = status, logged_in(user)
        self.__dict__.pop("completed", None)  # read the database's own time when it is asked for

    def _raise_closed(self, using: str) -> None:
        row = type(self)._default_manager.using(using).filter(pk=self.pk).first()
        raise TaskClosed.for_task(self, row)

    def fail(self) -> None:
        """Record the exception that is being handled; the task stays open, it needs somebody.

        Raises:
            TaskClosed: It has been completed or canceled before.
        """
        exception, stacktrace = describe_exception(sys.exc_info()[1])
        values = {"status": self.FAILED, "exception": exception, "stacktrace": stacktrace}
        with self._transition() as current:
            rows = current.tasks.open().filter(pk=self.pk)
            if not rows.update(modified=DatabaseNow(), **values):
                self._raise_closed(current.using)
            current.tell_task(task_failed, "task_failed", self)
        for column, value in values.items():
            setattr(self, column, value)

    def enqueue(self, countdown: float | None = None, eta: datetime | None = None) -> Any:
        """Schedule an open machine task, for the first time or again.

        Args:
            countdown: Seconds until it is due.
            eta: Instant at which it is due.

        Returns:
            What the runner returned (Celery's result) where the task was handed out at once; None
            where that waits for a commit, or for the instant.

        Raises:
            TaskClosed: It has been completed or canceled before.
            JoeflowError: It is the task of a person.
        """
        if self.type == HUMAN:
            raise JoeflowError(
                f"Task {self} is for a person, who completes it with its form; "
                f"only machine tasks can be enqueued."
            )
        delay = delay_until(countdown, eta)
        values = {"status": self.SCHEDULED, "exception": "", "stacktrace": "", "starts": 0}
        values["attempts"] = int(is_near(delay))
        with self._transition() as current:
            rows = current.tasks.open().filter(pk=self.pk)
            now = DatabaseNow()
            waiting = rows.filter(eta__isnull=True, status=self.SCHEDULED)
            is_join = self.name in graph_of(self.content_type_id, current.using).joins
            if is_join and waiting.update(modified=now):
                current.has_joins = True  # it is looked at, and not due for being asked
                return None
            if not rows.update(eta=eta or DatabaseNow(delay), modified=now, **values):
                self._raise_closed(current.using)
            current.tell_task(None, "task_enqueued", self)
            if is_near(delay):
                seconds = None if eta else delay.total_seconds() or None
                current.deliver(Delivery(self.pk, current.workflow_pk, seconds, eta))
        for column, value in values.items():
            setattr(self, column, value)
        self.__dict__.pop("eta", None)
        return current.results[0] if current.results else None

    def start_next_tasks(self, next_nodes: Iterable[Node] | None = None) -> list[Any]:
        """Start the tasks that follow this one.

        Args:
            next_nodes: Nodes to go on with; by default the ends of all edges from this node.

        Returns:
            The tasks, in the order of the nodes.

        Raises:
            JoeflowError: The tasks that follow have been started before.
            NodeNotFound: A node is not one of this workflow.
        """
        workflow: Any = self.workflow
        graph = workflow._graph
        if next_nodes is None:
            names = list(graph.successors(self.name))
        else:
            names = [graph.name_of(node) for node in next_nodes]
        with self._transition() as current:
            # What this very block has completed cannot have children.
            if self.pk not in current.unfollowed and self._is_followed(current, graph):
                raise JoeflowError(
                    f"The tasks that follow task {self} have been started before; "
                    f"to go there again, use an override."
                )
            return create_successors(current, workflow, [self], names)

    def _is_followed(self, current: Transition, graph: Graph) -> bool:
        """Tell whether tasks follow this one; those do not count that somebody took back with it.

        Nor does what was started before it was completed, since it was late.
        """
        escalation = graph.escalations.get(self.name, "")
        children = current.tasks.filter(parent_task_set=self.pk).exclude(name=escalation)
        keys = set(children.values_list("pk", flat=True))
        if not keys:
            return False
        undone = Event._base_manager.using(current.using).filter(task=self.pk, kind=Event.UNDONE)
        taken_back = {
            pk for data in undone.values_list("data", flat=True) for pk in data["canceled"]
        }
        return bool(keys - taken_back)
