"""The statements that a worker sends for each transition, and what it asks for each message."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from joeflow.clock import DatabaseNow
from joeflow.prepared import Insert, Parameter, Select, Update, column_parameter

__all__ = (
    "COMPLETE",
    "DUE",
    "END",
    "INSERT_LINKS",
    "INSERT_TASKS",
    "NAMED",
    "NEXT_DUE",
    "OPEN",
)


def _tasks(using: str) -> QuerySet[Any]:
    """Return the tasks of the instance that the parameter names."""
    tasks: QuerySet[Any] = apps.get_model("joeflow", "Task")._default_manager.using(using)
    return tasks.filter(_workflow_id=Parameter("workflow_pk")).order_by()


def _named(using: str, model: Any) -> QuerySet[Any]:
    return _tasks(using).filter(pk=Parameter("pk")).only("content_type_id")


def _due_tasks(using: str, model: Any) -> QuerySet[Any]:
    """Return the due machine tasks of the instance that the parameter names."""
    tasks: Any = _tasks(using)
    # The rows of older versions have no eta; a join without one still waits.
    no_eta = Q(eta__isnull=True) & ~Q(name__in=sorted(model._graph.joins))
    due: QuerySet[Any] = tasks.scheduled_machine_of_instance().filter(
        Q(eta__lte=DatabaseNow()) | no_eta
    )
    return due


def _due(using: str, model: Any) -> QuerySet[Any]:
    named = When(pk=Parameter("task_pk"), then=Value(0))
    due: QuerySet[Any] = (
        _due_tasks(using, model)
        .defer("exception", "stacktrace", "before")
        .annotate(now=DatabaseNow(), turn=Case(named, default=Value(1)))
        .order_by("turn", "eta", "pk")[:2]
    )
    return due


def _next_due(using: str, model: Any) -> QuerySet[Any]:
    due: QuerySet[Any] = _due_tasks(using, model).order_by("eta", "pk").only("pk")[:1]
    return due


def _complete(using: str, model: Any) -> tuple[QuerySet[Any], dict[str, Any]]:
    tasks: Any = _tasks(using)
    column = partial(column_parameter, connection=connections[using])
    names = ("before", "completed_by_user", "started")
    fields = {name: model._meta.get_field(name) for name in names}
    return tasks.open().filter(pk=Parameter("pk")), {
        "status": model.SUCCEEDED,
        "completed": DatabaseNow(),
        "modified": DatabaseNow(),
        "completed_by_user": column(fields["completed_by_user"]),
        "before": column(fields["before"]),
        "started": Coalesce(column(fields["started"]), F("started")),
    }


def _open(using: str, model: Any) -> QuerySet[Any]:
    tasks: Any = _tasks(using)
    columns = ("name", "type", "eta", "status", "content_type_id")
    found: QuerySet[Any] = tasks.open().only(*columns)
    return found


def _end(using: str, model: Any) -> tuple[QuerySet[Any], dict[str, Any]]:
    rows = model._base_manager.using(using).filter(pk=Parameter("pk"), _ended__isnull=True)
    # What has ended is not paused any more: there is nothing that could go on.
    return rows, {"_ended": DatabaseNow(), "_paused": None}


def _offset(instant: Any) -> Any:
    """Return the time from the database's now on; one by another clock is written later."""
    return instant.offset if isinstance(instant, DatabaseNow) else None


#: The task that a message names: which class it is of.
NAMED = Select(_named)
#: The two oldest due tasks of an instance of a class, the one that the message names first.
DUE = Select(_due)
#: The oldest due task of an instance of a class.
NEXT_DUE = Select(_next_due)
#: Completes a task that is open; who did it, when it was started, and what was before, may be None.
COMPLETE = Update(_complete)
#: The open tasks of an instance.
OPEN = Select(_open)
#: Notes that an instance has ended.
END = Update(_end)
#: New tasks. Where one has no instant at which it is due, there is no offset, and none is written.
INSERT_TASKS = Insert(
    eta=(DatabaseNow(Parameter("eta")), _offset), due=(DatabaseNow(Parameter("due")), _offset)
)
#: Links of tasks to their parents.
INSERT_LINKS = Insert()
