"""Tasks: the rows that say where each workflow instance stands."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import models
from django.urls import NoReverseMatch
from django.utils.translation import gettext_lazy as _

from joeflow.clock import DatabaseNow
from joeflow.conf import settings
from joeflow.content_types import graph_of, workflow_class
from joeflow.dispatch import Delivery
from joeflow.exceptions import JoeflowError, TaskClosed
from joeflow.querysets import TasksQuerySet
from joeflow.reversing import reverse_in
from joeflow.signals import task_failed, task_succeeded
from joeflow.successors import create_successors, delay_until, is_near
from joeflow.tracebacks import describe_exception
from joeflow.tracking import save_options
from joeflow.transitions import (
    Transition,
    logged_in,
    transition,
)
from joeflow.typing import HUMAN, MACHINE, Node, User
from joeflow.workflows import (
    Workflow,
    get_workflow,
    get_workflows,
    workflow_state_subclasses,
)

__all__ = ("Task", "Workflow", "get_workflow", "get_workflows", "workflow_state_subclasses")


class Task(models.Model):
    """One visit of one node by one workflow instance.

    A task is open until it is completed or canceled; a failed task is open, it needs somebody.
    """

    FAILED = "failed"
    SUCCEEDED = "succeeded"
    SCHEDULED = "scheduled"
    CANCELED = "canceled"

    _type_choices = ((HUMAN, _("human")), (MACHINE, _("machine")))
    _status_choices = (
        (FAILED, _("failed")),
        (SUCCEEDED, _("succeeded")),
        (SCHEDULED, _("scheduled")),
        (CANCELED, _("canceled")),
    )

    id = models.BigAutoField(primary_key=True, editable=False)
    _workflow = models.ForeignKey(
        Workflow,
        verbose_name=_("workflow"),
        on_delete=models.CASCADE,
        db_column="workflow_id",
        db_index=False,  # an index below begins with it
        editable=False,
    )
    content_type = models.ForeignKey(
        "contenttypes.ContentType",
        on_delete=models.CASCADE,
        editable=False,
        limit_choices_to=workflow_state_subclasses,
        related_name="joeflow_task_set",
    )
    workflow = GenericForeignKey("content_type", "_workflow_id", for_concrete_model=False)
    name = models.CharField(_("name"), max_length=255, editable=False)
    type = models.CharField(_("type"), max_length=50, choices=_type_choices, editable=False)
    parent_task_set = models.ManyToManyField(
        "self", related_name="child_task_set", editable=False, symmetrical=False
    )
    status = models.CharField(
        _("status"),
        max_length=50,
        choices=_status_choices,
        default=SCHEDULED,
        editable=False,
    )
    assignees = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("assignees"),
        related_name="joeflow_assignee_task_set",
    )
    completed_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("completed by"),
        related_name="joeflow_completed_by_task_set",
        on_delete=models.SET_NULL,
        blank=True,
        null=True,
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)
    completed = models.DateTimeField(_("completed"), blank=True, null=True, editable=False)
    exception = models.TextField(_("exception"), blank=True)
    stacktrace = models.TextField(_("traceback"), blank=True)

    #: When a scheduled machine task is due; empty for human tasks and waiting joins.
    eta = models.DateTimeField(_("due"), blank=True, null=True, editable=False)
    #: How often it was handed out since ``eta`` was set.
    attempts = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    #: How often it was started without coming back.
    starts = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    #: When its last run began.
    started = models.DateTimeField(_("last started"), blank=True, null=True, editable=False)

    objects = TasksQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ("-completed", "-created")
        get_latest_by = ("created",)
        permissions = (
            ("rerun", _("Can rerun failed tasks.")),
            ("cancel", _("Can cancel failed tasks.")),
        )
        default_manager_name = "objects"
        # Each transition writes to all of them, twice: few are better than many.
        indexes = [
            models.Index(fields=["_workflow", "completed"], name="joeflow_task_of_workflow"),
            models.Index(fields=["-completed", "-created"], name="joeflow_task_ordering"),
            # MariaDB has no partial indexes: there it holds all tasks.
            models.Index(
                fields=["status", "type", "eta"],
                name="joeflow_task_due",
                condition=models.Q(completed__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.pk})"

    def save(self, **options: Any) -> None:
        """Save the task.

        Raises:
            ValueError: An existing task is saved whole, which would write over what others did.
        """
        if not self._state.adding and options.get("update_fields") is None:
            raise ValueError(
                f"Task {self.pk} exists: name the columns to save, like "
                f"task.save(update_fields=['exception']), to avoid race conditions."
            )
        super().save(**save_options(options))

    def get_absolute_url(self) -> str | None:
        """Return the URL of the form; None where there is none: machine, closed, obsolete."""
        if self.completed or self.type != HUMAN:
            return None
        workflow = workflow_class(self.content_type_id, self._state.db)
        if workflow is None or self.name not in workflow._graph.nodes:
            return None  # gone from the code
        try:
            return reverse_in(workflow.get_url_namespace(), self.name, pk=self.pk)
        except NoReverseMatch:
            return None  # no URLconf includes the workflow

    @property
    def node(self) -> Node:
        """The node that this task visits.

        Raises:
            NodeNotFound: The node is gone from the code.
        """
        workflow = workflow_class(self.content_type_id, self._state.db)
        if workflow is None:
            raise JoeflowError(f"The workflow class of task {self} is gone from the code.")
        return workflow.get_node(self.name)

    def _transition(self, *, lock: bool = True) -> AbstractContextManager[Transition]:
        return transition(Task, self._workflow_id, lock=lock)

    def finish(self, user: User | None = None) -> None:
        """Complete the task; what follows is for `start_next_tasks`.

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
            if not current.complete(self.pk, user=user):
                self._raise_closed(current.using)
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
        self._show_closed(self.CANCELED, user)

    def _show_closed(self, status: str, user: User | None) -> None:
        self.status, self.completed_by_user = status, logged_in(user)
        self.__dict__.pop("completed", None)  # read the database's own time when it is asked for

    def _raise_closed(self, using: str) -> None:
        task = type(self)._default_manager.using(using).filter(pk=self.pk).first()
        if task is None:
            raise TaskClosed(f"Task {self} is gone; its workflow instance was deleted.")
        by = f" by {task.completed_by_user}" if task.completed_by_user else ""
        raise TaskClosed(
            f"Task {self} is closed: {task.status} at {task.completed}{by}. "
            f"To go there again, use an override."
        )

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

    def start_next_tasks(self, next_nodes: Iterable[Node] | None = None) -> list[Task]:
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
            children = current.tasks.filter(parent_task_set=self.pk)
            if self.pk not in current.unfollowed and children.exists():
                raise JoeflowError(
                    f"The tasks that follow task {self} have been started before; "
                    f"to go there again, use an override."
                )
            return create_successors(current, workflow, [self], names)
