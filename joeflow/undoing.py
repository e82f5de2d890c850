"""Take back what a person has done, as long as nothing that follows has been done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.db import IntegrityError, router
from django.db import transaction as database_transaction
from django.db.models import FileField, Q, QuerySet

from joeflow.access import is_known, may_override
from joeflow.clock import DatabaseNow
from joeflow.content_types import workflow_class
from joeflow.contrib.reversion import create_revision
from joeflow.events import Event
from joeflow.exceptions import UndoRefused
from joeflow.followers import Followers
from joeflow.graph import Graph
from joeflow.tracking import read_text
from joeflow.transitions import Transition, transition
from joeflow.typing import HUMAN, TaskColumns, User

__all__ = ("Undo", "Undoable", "undoable")


class Undoable(TaskColumns):
    """How what a person has done is taken back: a part of the model `Task`."""

    def undo(self, by: User | None = None) -> None:
        """Take the task back: it is open again, for those whom it was for.

        What follows and has not been done is canceled, and the fields that its form has changed
        have their values of before. Where code completed the task, it leaves the state alone.

        Args:
            by: Who does it: whoever completed the task, or may override the workflow. Code that
                names nobody may do it, too.

        Raises:
            UndoRefused: What follows has been done, the fields have been changed since, or it is
                no task that can be taken back; the message says which.
            PermissionDenied: This person may not.
            InstanceLocked: The instance was busy for longer than ``JOEFLOW_LOCK_TIMEOUT``.
        """
        with transition(type(self), self._workflow_id) as current:
            undo = Undo(self, by, current.using)
            undo.apply(current)
        self.status, self.completed, self.completed_by_user = self.SCHEDULED, None, None
        vars(self).pop("before", None)
        model: Any = type(self)
        workflow = model._meta.get_field("workflow")
        if workflow.is_cached(self):
            workflow.delete_cached_value(self)


@dataclass(frozen=True)
class _Value:
    """What a field was before a task, what the task has made of it, and what it is now."""

    field: Any
    before: Any
    after: Any
    now: Any

    @property
    def has_changed_since(self) -> bool:
        return bool(self.after != self.now)


class Undo:
    """What it would mean to take back a task at the moment.

    Args:
        task: The task.
        by: Who wants to.
        using: Alias of the database; by default the one that tasks are written to.

    Raises:
        UndoRefused: It cannot be taken back.
        PermissionDenied: This person may not.
    """

    def __init__(self, task: Any, by: User | None, using: str | None = None) -> None:
        """Find out whether it can be done."""
        model = type(task)
        self.using = using or router.db_for_write(model)
        self.by = by
        self._tasks = model._default_manager.using(self.using).filter(
            _workflow_id=task._workflow_id
        )
        self.task = self._tasks.filter(pk=task.pk).select_related("completed_by_user").first()
        if self.task is None:
            raise UndoRefused(f"Task {task} is gone; its workflow instance was deleted.")
        self.model = workflow_class(self.task.content_type_id, self.using)
        self._refuse_strangers()
        self._refuse_other_tasks()
        followers = Followers(self._tasks, self.task, self._graph)
        if followers.done:
            listed = ", ".join(map(str, followers.done))
            reason = f"What follows task {self.task} has been done: {listed}. Use an override."
            raise UndoRefused(reason, tasks=followers.done)
        self._followers = followers
        self._refuse_changed_fields()

    @property
    def canceled(self) -> list[Any]:
        """The open tasks that follow, and would be canceled."""
        return self._followers.canceled

    @property
    def values(self) -> list[_Value]:
        """The fields that would have their values of before."""
        return self._values

    @property
    def _graph(self) -> Graph:
        graph: Graph = self.model._graph
        return graph

    @cached_property
    def workflow(self) -> Any:
        """The instance, loaded fresh."""
        rows = self.model._base_manager.using(self.using)
        return rows.filter(pk=self.task._workflow_id).first()

    # Whether it can be done.

    def _refuse(self, reason: str) -> NoReturn:
        raise UndoRefused(f"Task {self.task} cannot be taken back: {reason}.")

    def _refuse_other_tasks(self) -> None:
        task = self.task
        if self.model is None or task.name not in self._graph.nodes:
            self._refuse(
                "it stands for an override; override the instance again"
                if task.name == "override"
                else "its node is gone from the code"
            )
        if task.type != HUMAN:
            self._refuse("it was done by a machine; use an override")
        if task.name in self._graph.starts:
            self._refuse("it made the instance; cancel the instance, or delete it")
        if task.completed is None:
            self._refuse("it is open")
        if task.status != task.SUCCEEDED:
            self._refuse("it was canceled; use an override")

    def _refuse_strangers(self) -> None:
        if self.by is None:
            return
        is_own = is_known(self.by) and self.task.completed_by_user_id == self.by.pk
        if not (is_own or may_override(self.by, self.model)):
            raise PermissionDenied(f"{self.by} may not take back task {self.task}.")

    def _refuse_changed_fields(self) -> None:
        self._values = _read_values(self.workflow, self.task.before or {})
        changed = [value.field for value in self._values if value.has_changed_since]
        if changed:
            names = ", ".join(field.name for field in changed)
            reason = f"Since task {self.task} was completed, {names} changed. Use an override."
            raise UndoRefused(reason, fields=[str(field.verbose_name) for field in changed])

    # Doing it.

    def apply(self, current: Transition) -> None:
        """Do it.

        Args:
            current: The open transition of the instance, in which this was found out.
        """
        canceled = [task.pk for task in self.canceled]
        if canceled:
            current.cancel(canceled, self.by)
        self._followers.leave_joins()
        current.has_joins = current.has_joins or bool(self._graph.joins)
        self._put_back()
        reopened = current.tasks.filter(pk=self.task.pk, status=self.task.SUCCEEDED).update(
            status=self.task.SCHEDULED,
            completed=None,
            completed_by_user=None,
            before=None,
            modified=DatabaseNow(),
            **self._alarm(current),
        )
        if not reopened:  # which only a transaction without the lock could have done
            self._refuse("somebody has changed it")
        current.open_rows = None
        current.created.add(self.task.pk)
        who, when = self.task.completed_by_user, self.task.completed
        data = {"canceled": canceled, "completed": when.isoformat()}
        current.record(Event.UNDONE, self.task, self.by, str(who) if who else "", data)

    def _alarm(self, current: Transition) -> dict[str, Any]:
        """Let be done again what was to be done as the task was late, if it was never done."""
        name = self._graph.escalations.get(self.task.name)
        if name is None or self.task.eta is not None:
            return {}
        done = current.tasks.succeeded().filter(parent_task_set=self.task.pk, name=name)
        return {} if done.exists() else {"eta": self.task.due}

    def _put_back(self) -> None:
        if not self._values:
            return
        many = [value for value in self._values if value.field.many_to_many]
        plain = [value for value in self._values if not value.field.many_to_many]
        try:
            with (
                database_transaction.atomic(using=self.using),
                create_revision("undo", user=self.by, using=self.using),
            ):
                for value in plain:
                    setattr(self.workflow, value.field.attname, value.before)
                self.workflow.save(update_fields=[value.field.name for value in plain])
                for value in many:
                    getattr(self.workflow, value.field.name).set(value.before)
        except IntegrityError as error:
            names = [str(value.field.verbose_name) for value in self._values]
            raise UndoRefused(
                f"The values before task {self.task} cannot be put back: {error}", fields=names
            ) from error


def _read_values(workflow: Any, kept: Mapping[str, Any]) -> list[_Value]:
    return [_read_value(workflow, name, *texts) for name, texts in kept.items()]


def _read_value(workflow: Any, name: str, before: Any, after: Any) -> _Value:
    try:
        field = workflow._meta.get_field(name)
    except FieldDoesNotExist as error:
        message = f"The field {name!r}, which has changed, is gone from the code."
        raise UndoRefused(message, fields=[name]) from error
    if field.many_to_many:
        now = sorted(str(row.pk) for row in field.value_from_object(workflow))
        value = _Value(field, before, after, now)
    else:
        now = field.value_from_object(workflow)
        now = now.name if isinstance(field, FileField) else now
        try:
            value = _Value(field, read_text(field, before), read_text(field, after), now)
        except (TypeError, ValueError, ValidationError) as error:
            message = f"What {name} was before does not fit the field any more. Use an override."
            raise UndoRefused(message, fields=[str(field.verbose_name)]) from error
    if not value.has_changed_since and field.is_relation:
        _refuse_missing_rows(workflow, value)
    return value


def _refuse_missing_rows(workflow: Any, value: _Value) -> None:
    """Refuse where what a field pointed to before has been deleted."""
    field = value.field
    keys = value.before if field.many_to_many else [value.before]
    wanted = {str(key) for key in keys if key is not None}
    name = "pk" if field.many_to_many else field.target_field.attname
    rows = field.related_model._base_manager.using(workflow._state.db)
    there = rows.filter(**{f"{name}__in": wanted}).values_list(name, flat=True) if wanted else ()
    if wanted - set(map(str, there)):
        message = f"What {field.name} was before has been deleted since. Use an override."
        raise UndoRefused(message, fields=[str(field.verbose_name)])


def undoable(tasks: Iterable[Any], user: Any, model: Any) -> set[int]:
    """Return the keys of those tasks that somebody can most likely take back.

    For a list of tasks: one statement, and none where this person has done none of them.

    Args:
        tasks: Tasks of one instance.
        user: Who looks at them.
        model: The workflow class.
    """
    if not is_known(user):
        return set()
    names = set(model._graph.nodes) - set(model._graph.starts)
    own = {
        task.pk: task
        for task in tasks
        if task.type == HUMAN and task.status == task.SUCCEEDED and task.name in names
        if task.completed_by_user_id == user.pk
    }
    if not own:
        return set()
    task_model = type(next(iter(own.values())))
    done = Q(from_task__status=task_model.SUCCEEDED) | Q(from_task__starts__gt=0)
    links: QuerySet[Any] = task_model.parent_task_set.through._base_manager
    rows = links.using(router.db_for_write(task_model)).filter(done, to_task_id__in=own)
    found = rows.values_list("to_task_id", "from_task__name")
    escalations = model._graph.escalations
    blocked = {pk for pk, name in found if name != escalations.get(own[pk].name)}
    return set(own) - blocked
