"""Whether an instance has changed since its page was shown: asked often, and answered with little.

A page carries a mark of the state that it shows, which nobody can forge. Whoever sends it back
has seen that page, so that only the state has to be asked for: neither the session nor
permissions. What is new is on the page itself, which asks for all of that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.http import require_safe

from joeflow.clock import DatabaseNow
from joeflow.models import Event, Task

__all__ = ("changes_view", "mark_of", "with_state")

_PREFIX = "joeflow_state_"
_SALT = "joeflow.views.pages.changes"
_OF_INSTANCE = ("modified", "_ended", "_paused")


def with_state(instances: QuerySet[Any]) -> QuerySet[Any]:
    """Return instances with all that tells one state from another, in the same statement.

    Args:
        instances: Rows of a workflow class.
    """
    tasks: Any = Task._base_manager.filter(_workflow=OuterRef("pk")).order_by()
    is_late = Q(completed__isnull=True, due__lt=DatabaseNow())
    assignees = Task.assignees.through._base_manager.filter(task___workflow=OuterRef("pk"))
    groups = Task.assigned_groups.through._base_manager.filter(task___workflow=OuterRef("pk"))
    events = Event._base_manager.filter(_workflow=OuterRef("pk")).order_by()
    values = {
        "tasks": _one(tasks, Count("pk")),
        "changed": _one(tasks, Max("modified")),
        "late": _one(tasks, Count("pk", filter=is_late)),
        "events": _one(events, Max("pk")),
        "unsent": _one(events, Count("eta")),  # a mail that goes out later has its row already
        # Code may write to these without an event.
        "assignees": _one(assignees, Count("pk"), "task___workflow"),
        "assigned": _one(assignees, Max("pk"), "task___workflow"),
        "groups": _one(groups, Count("pk"), "task___workflow"),
        "grouped": _one(groups, Max("pk"), "task___workflow"),
    }
    found: QuerySet[Any] = instances.annotate(
        **{_PREFIX + name: value for name, value in values.items()}
    )
    return found


def _one(rows: Any, aggregate: Any, key: str = "_workflow") -> Subquery:
    found = rows.values(key).annotate(joeflow_value=aggregate).values("joeflow_value")
    return Subquery(found)


def has_events(workflow: Any) -> bool:
    """Tell whether anything happened to an instance besides its tasks.

    Args:
        workflow: The instance, loaded by `with_state`.
    """
    return getattr(workflow, _PREFIX + "events", True) is not None


def mark_of(workflow: Any) -> str:
    """Return the mark of the state that an instance is in; nothing where that was not asked for.

    Args:
        workflow: The instance, loaded by `with_state`.
    """
    state = {name: value for name, value in vars(workflow).items() if name.startswith(_PREFIX)}
    if not state:
        return ""
    state |= {name: getattr(workflow, name) for name in _OF_INSTANCE}
    text = f"{workflow._meta.label_lower} {workflow.pk} {sorted(state.items())}"
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()


def changes_view(model: Any, using: Callable[[], str]) -> Callable[..., HttpResponse]:
    """Return the view that answers 304 as long as an instance is as its page shows it.

    Args:
        model: The workflow class.
        using: Returns the alias of the database.
    """

    @login_not_required
    @require_safe
    def changes(request: HttpRequest, pk: int) -> HttpResponse:
        response = HttpResponse(status=204)  # look at the page; there it is said who may
        sent = parse_etags(request.headers.get("If-None-Match", ""))
        marks = [etag.removeprefix("W/").strip('"') for etag in sent]
        if marks:
            rows = model._base_manager.using(using()).filter(pk=pk)
            workflow = with_state(rows).first()
            mark = mark_of(workflow) if workflow is not None else ""
            if mark and any(constant_time_compare(mark, each) for each in marks):
                response = HttpResponse(status=304, headers={"ETag": quote_etag(mark)})
        add_never_cache_headers(response)
        return response

    return changes
