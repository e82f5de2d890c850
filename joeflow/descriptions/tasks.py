"""Tasks, instances and what happened to them, described for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Page
from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.urls import NoReverseMatch

from joeflow.access import REASSIGN, has_permission, is_for, is_known, may_complete
from joeflow.assignments import returnable
from joeflow.content_types import tasks_of, workflow_class
from joeflow.descriptions.fields import describe_form
from joeflow.exceptions import NodeNotFound
from joeflow.graph import words
from joeflow.models import Task
from joeflow.reversing import reverse_in
from joeflow.typing import HUMAN

__all__ = (
    "describe_class",
    "describe_instance",
    "describe_instances",
    "describe_page",
    "describe_person",
    "describe_row",
    "describe_standing",
    "describe_start",
    "describe_task",
    "describe_tasks",
    "describe_workflow",
)


def describe_row(task: Any) -> dict[str, Any]:
    """Return the little that every answer says of a task.

    Args:
        task: The task.
    """
    return {
        "id": task.pk,
        "name": task.name,
        "type": task.type,
        "status": task.status,
        "url": task.get_absolute_url(),
    }


def describe_standing(workflow: Any) -> dict[str, Any]:
    """Return where an instance stands: its open tasks.

    Args:
        workflow: The instance.
    """
    return _describe_standing(workflow, tasks_of(workflow).open().order_by("pk"))


def _describe_standing(workflow: Any, tasks: Iterable[Any]) -> dict[str, Any]:
    described = [describe_row(task) for task in tasks]
    return {
        "id": workflow.pk,
        "url": _url_of(workflow),
        "ended": not described,
        "tasks": described,
    }


def describe_class(workflow: Any) -> dict[str, Any]:
    """Return which workflow class something belongs to.

    Args:
        workflow: The class.
    """
    opts = workflow._meta
    return {"name": opts.label_lower, "label": str(opts.verbose_name)}


def describe_workflow(workflow: Any) -> dict[str, Any]:
    """Return which instance something belongs to.

    Args:
        workflow: The instance.
    """
    return {
        "id": workflow.pk,
        "name": workflow._meta.label_lower,
        "label": str(workflow),
        "url": _url_of(workflow),
    }


def describe_instance(workflow: Any) -> dict[str, Any]:
    """Return what the page of an instance says, and not the fields of its state.

    Who may see how far it is need not be allowed to see all that is in it.

    Args:
        workflow: The instance.
    """
    return _describe_instance(workflow, tasks_of(workflow).open().order_by("pk"))


def describe_instances(workflows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the same for many, of any classes, with one statement.

    Args:
        workflows: The instances, all of one database.
    """
    if not workflows:
        return []
    pks = [workflow.pk for workflow in workflows]
    tasks = Task.objects.using(workflows[0]._state.db).open().filter(_workflow__in=pks)
    open_tasks: dict[Any, list[Any]] = {}
    for task in tasks.order_by("pk"):
        open_tasks.setdefault(task._workflow_id, []).append(task)
    return [_describe_instance(each, open_tasks.get(each.pk, ())) for each in workflows]


def _describe_instance(workflow: Any, tasks: Iterable[Any]) -> dict[str, Any]:
    return {
        **describe_workflow(workflow),
        **_describe_standing(workflow, tasks),
        "created": workflow.created,
        "modified": workflow.modified,
        "ended_at": workflow._ended,
        "paused": _is_paused(workflow),
        "paused_at": workflow._paused,
        "history_url": _history_url(workflow),
    }


def _is_paused(workflow: Any) -> bool:
    # A field of the state may have the name of the property.
    return workflow._paused is not None


def _url_of(workflow: Any) -> str | None:
    try:
        url: str | None = workflow.get_absolute_url()
    except NoReverseMatch:
        return None  # no URLconf includes the workflow
    return url


def _history_url(workflow: Any) -> str | None:
    try:
        return reverse_in(workflow.get_url_namespace(), "detail-history", pk=workflow.pk)
    except NoReverseMatch:
        return None  # it has no such page, or not where ``urls()`` has it


def describe_person(person: Any) -> dict[str, Any] | None:
    """Return who a user or a group is; None for nobody.

    Args:
        person: The user or the group.
    """
    return None if person is None else {"id": person.pk, "name": str(person)}


# Tasks.


def describe_start(view: Any, form: Any) -> dict[str, Any]:
    """Return what has to be known to start an instance.

    Args:
        view: The view of the start, with its request.
        form: Its form; None for a view without one.
    """
    return {
        "name": view.name,
        "label": words(view.name),
        "type": HUMAN,
        "url": view.request.path,
        "workflow": describe_class(view.model),
        "fields": [] if form is None else describe_form(form),
    }


def describe_task(task: Any, user: Any, form: Any = None, **known: Any) -> dict[str, Any]:
    """Return what has to be known to do a task.

    Args:
        task: The task, with its instance.
        user: Who asks.
        form: The form of the task; None for a view without one.
        known: What the view knows better.
    """
    [described] = describe_tasks([task], user)
    described["may"]["complete"] = not described["paused"]  # else its view would have refused
    return {**described, **known, "fields": [] if form is None else describe_form(form)}


def describe_tasks(tasks: Sequence[Any], user: Any) -> list[dict[str, Any]]:
    """Return whose tasks these are, until when, and who may do what with them.

    It takes as many statements for many tasks as for a few.

    Args:
        tasks: The tasks.
        user: Who asks.

    Returns:
        For each task what a list of tasks says; not the fields of its form.
    """
    _load_people(tasks, user)
    back = returnable(tasks, user)
    return [_describe(task, user, is_returnable=task.pk in back) for task in tasks]


def _describe(task: Any, user: Any, *, is_returnable: bool) -> dict[str, Any]:
    workflow = task.workflow if _has_class(task) else None
    is_paused = workflow is not None and _is_paused(workflow)
    may = _describe_rights(task, user, is_returnable=is_returnable)
    return {
        **describe_row(task),
        "label": words(task.name),
        "workflow": None if workflow is None else describe_workflow(workflow),
        "created": task.created,
        "due": task.due,
        "late": task.is_late,
        "snoozed_until": task.snoozed_until,
        "paused": is_paused,
        "completed": task.completed,
        "assignees": [describe_person(user) for user in task.assignees.all()],
        "groups": [describe_person(group) for group in task.assigned_groups.all()],
        "may": {**may, "complete": may["complete"] and not is_paused},
    }


def _has_class(task: Any) -> bool:
    return workflow_class(task.content_type_id, task._state.db) is not None


def _load_people(tasks: Sequence[Any], user: Any) -> None:
    """Load what tells whose tasks are, as `with_people` does for one."""
    prefetch_related_objects([task for task in tasks if _has_class(task)], "workflow")
    prefetch_related_objects(tasks, "assignees", "assigned_groups")
    own: set[Any] = set()
    if is_known(user) and any(task.assigned_groups.all() for task in tasks):
        groups = getattr(user, "groups", None)  # a project's own users may have none
        own = set() if groups is None else set(groups.values_list("pk", flat=True))
    for task in tasks:
        content_types = ContentType.objects.db_manager(task._state.db)
        task.content_type = content_types.get_for_id(task.content_type_id)
        assignees = {each.pk for each in task.assignees.all()}
        given = {group.pk for group in task.assigned_groups.all()}
        task.has_assignees, task.has_groups = bool(assignees), bool(given)
        task.is_assignee = is_known(user) and user.pk in assignees
        task.is_in_group = bool(own & given)


def _describe_rights(task: Any, user: Any, *, is_returnable: bool) -> dict[str, bool]:
    none = dict.fromkeys(("complete", "claim", "release", "reassign"), False)
    if task.type != HUMAN or task.completed is not None or not _has_class(task):
        return none
    try:
        node = task.node
    except NodeNotFound:
        return none
    is_own, known = is_for(task, user, node), is_known(user)
    is_alone = task.is_assignee and len(task.assignees.all()) == 1
    return {
        "complete": may_complete(task, user, node),
        "claim": known and is_own and not is_alone,
        "release": is_returnable,
        "reassign": known and (is_own or has_permission(user, REASSIGN)),
    }


# Lists.


def describe_page(
    request: HttpRequest, name: str, described: list[dict[str, Any]], page: Page[Any] | None
) -> dict[str, Any]:
    """Return a list, and where it goes on.

    Args:
        request: The request for this page.
        name: What is listed, like ``"tasks"``.
        described: What is on the page.
        page: The page; None where all is on one.
    """
    return {name: described, "next": _next_url(request, page)}


def _next_url(request: HttpRequest, page: Page[Any] | None) -> str | None:
    if page is None or not page.has_next():
        return None
    query = request.GET.copy()
    query["page"] = str(page.next_page_number())
    return f"{request.path}?{query.urlencode()}"
