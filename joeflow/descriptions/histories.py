"""What happened to an instance: its tasks and what people did with them, in one list."""

from __future__ import annotations

from typing import Any

from django.core.paginator import InvalidPage, Page, Paginator
from django.db.models import F, Value
from django.http import Http404

from joeflow.content_types import tasks_of
from joeflow.descriptions.tasks import describe_person, describe_row
from joeflow.graph import words
from joeflow.models import Event, Task

__all__ = ("describe_history",)

#: So much is on one page.
PER_PAGE = 100

_TASK, _EVENT = 0, 1


def describe_history(
    workflow: Any, number: str, *, with_reasons: bool, with_events: bool
) -> tuple[list[dict[str, Any]], Page[Any]]:
    """Return a page of what happened, the newest first.

    Args:
        workflow: The instance.
        number: Which page.
        with_reasons: Whether why a task failed is told, which can be secret.
        with_events: Whether what people did and said besides is told.

    Returns:
        What is on the page, and the page.

    Raises:
        Http404: There is no such page.
    """
    tasks = tasks_of(workflow).order_by().annotate(kept_as=Value(_TASK), of=F("pk"))
    events = Event._base_manager.using(tasks.db).filter(_workflow=workflow.pk)
    events = events.order_by().annotate(kept_as=Value(_EVENT), of=F("pk"))
    listed = tasks.values_list("created", "kept_as", "of")
    if with_events:
        listed = listed.union(events.values_list("created", "kept_as", "of"), all=True)
    try:
        page = Paginator(listed.order_by("-created", "-kept_as", "-of"), PER_PAGE).page(number)
    except InvalidPage as error:
        raise Http404 from error
    found = [(kept_as, pk) for _created, kept_as, pk in page.object_list]
    described = _describe_tasks(workflow, found, with_reasons=with_reasons)
    described |= _describe_events(found, tasks.db)
    return [described[key] for key in found if key in described], page


def _pks(found: list[tuple[int, int]], kept_as: int) -> list[int]:
    return [pk for each, pk in found if each == kept_as]


def _describe_tasks(
    workflow: Any, found: list[tuple[int, int]], *, with_reasons: bool
) -> dict[tuple[int, int], dict[str, Any]]:
    rows = tasks_of(workflow).select_related("completed_by_user").defer("stacktrace", "before")
    tasks: list[Task] = list(rows.filter(pk__in=_pks(found, _TASK)))
    return {
        (_TASK, task.pk): {
            "entry": "task",
            **describe_row(task),
            "label": words(task.name),
            "created": task.created,
            "started": task.started,
            "due": task.due,
            "late": task.is_late,
            "completed": task.completed,
            "completed_by": describe_person(task.completed_by_user),
            "reason": task.exception if with_reasons else "",
        }
        for task in tasks
    }


def _describe_events(
    found: list[tuple[int, int]], using: str | None
) -> dict[tuple[int, int], dict[str, Any]]:
    pks = _pks(found, _EVENT)
    events = Event._base_manager.using(using).filter(pk__in=pks).select_related("user")
    return {
        (_EVENT, event.pk): {
            "entry": "event",
            "id": event.pk,
            "kind": event.kind,
            "task": event.task_id,
            "created": event.created,
            "by": describe_person(event.user),
            "text": event.text,
            "label": event.describe(),
        }
        for event in (events if pks else ())
    }
