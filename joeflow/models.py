"""Tasks: the rows that say where each workflow instance stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.contenttypes.fields import GenericForeignKey
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.urls import NoReverseMatch
from django.utils.translation import gettext_lazy as _

from joeflow.conf import settings
from joeflow.content_types import workflow_class
from joeflow.drafts import Draft
from joeflow.events import Event
from joeflow.exceptions import JoeflowError
from joeflow.instances import Outcome, WorkflowQuerySet
from joeflow.overriding import override, plan_override, read_nodes
from joeflow.pausing import pause, resume
from joeflow.querysets import TasksQuerySet
from joeflow.reversing import reverse_in
from joeflow.signed import write_token
from joeflow.snoozing import Snoozable
from joeflow.tracking import save_options
from joeflow.typing import HUMAN, MACHINE, Node, User
from joeflow.undoing import Undoable
from joeflow.verbs import Verbs
from joeflow.workflows import (
    Workflow,
    get_workflow,
    get_workflows,
    workflow_state_subclasses,
)

__all__ = (
    "Draft",
    "Event",
    "Outcome",
    "Task",
    "Workflow",
    "WorkflowQuerySet",
    "get_workflow",
    "get_workflows",
    "workflow_state_subclasses",
)


class _ForInstances:
    """What is done to instances: they are on a lower floor, and reach it by their tasks' model."""

    _override = staticmethod(override)
    _plan_override = staticmethod(plan_override)
    _read_nodes = staticmethod(read_nodes)
    _pause = staticmethod(pause)
    _resume = staticmethod(resume)


class Task(Verbs, Snoozable, Undoable, _ForInstances, models.Model):
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
    assigned_groups = models.ManyToManyField(
        "auth.Group",
        verbose_name=_("assigned groups"),
        related_name="joeflow_task_set",
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

    #: When a scheduled machine task is due, or a person is reminded of a human one or it is late;
    #: empty for waiting joins.
    eta = models.DateTimeField(_("scheduled for"), blank=True, null=True, editable=False)
    #: How often it was handed out since ``eta`` was set.
    attempts = models.IntegerField(default=0, db_default=0, editable=False)
    #: How often it was started without coming back.
    starts = models.IntegerField(default=0, db_default=0, editable=False)
    #: Whether it was given to somebody, who may be gone by now, and not just taken.
    is_given = models.BooleanField(default=False, db_default=False, editable=False)
    #: When its last run began.
    started = models.DateTimeField(_("last started"), blank=True, null=True, editable=False)
    #: When a human task should be done.
    due = models.DateTimeField(_("due"), blank=True, null=True, editable=False)
    #: Until when a human task is out of the inboxes.
    snoozed_until = models.DateTimeField(_("put off until"), blank=True, null=True, editable=False)
    #: The values of the fields before the form was saved, for whoever takes it back.
    before = models.JSONField(blank=True, null=True, editable=False, encoder=DjangoJSONEncoder)

    objects = TasksQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ("-completed", "-created")
        get_latest_by = ("created",)
        permissions = (
            ("rerun", _("Can rerun failed tasks.")),
            ("cancel", _("Can cancel failed tasks.")),
            ("reassign", _("Can do and hand over the tasks of others.")),
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
        return self._reverse(self.name, pk=self.pk)

    def get_signed_url(self, user: User, max_age: timedelta = timedelta(days=3)) -> str | None:
        """Return the URL of the form for one person, who needs no login to do this task with it.

        It is worth nothing any more when the task is closed or given to somebody else, when the
        person is not active any more or has a new password, and when it has expired. To open it
        changes nothing.

        Args:
            user: Who may do the task with it.
            max_age: How long from now on.

        Returns:
            The path; None where the task has no form, or one with further parts of the URL.
        """
        token = write_token(self.pk, user, max_age)
        return self._reverse(f"{self.name}-signed", token=token)

    def _reverse(self, name: str, **kwargs: Any) -> str | None:
        if self.completed or self.type != HUMAN:
            return None
        workflow = workflow_class(self.content_type_id, self._state.db)
        if workflow is None or self.name not in workflow._graph.nodes:
            return None  # gone from the code
        try:
            return reverse_in(workflow.get_url_namespace(), name, **kwargs)
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
