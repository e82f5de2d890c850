"""The admin of tasks: to look at, to rerun and to cancel, never to edit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import display_for_value
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from joeflow.admin.actions import cancel, rerun
from joeflow.admin.lists import LateFilter, ListMixin, StatusFilter, WorkflowFilter, matching
from joeflow.content_types import workflow_class
from joeflow.models import Task

__all__ = ("TaskAdmin",)

_GOES_WITH_INSTANCE = "joeflow_tasks_go_with_their_instances"


@contextmanager
def tasks_go_with_their_instances(request: HttpRequest) -> Iterator[None]:
    """Let somebody delete instances who may delete no task."""
    setattr(request, _GOES_WITH_INSTANCE, True)
    try:
        yield
    finally:
        delattr(request, _GOES_WITH_INSTANCE)


def goes_with_its_instance(request: HttpRequest) -> bool:
    """Tell whether the permission is asked for, as an instance shall be deleted."""
    return hasattr(request, _GOES_WITH_INSTANCE)


#: So many parents or children of a task are linked at most.
MOST_LINKS = 100


@admin.register(Task)
class TaskAdmin(ListMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows tasks, most recent first; reruns failed tasks and cancels open ones."""

    actions: Any = (rerun, cancel)
    list_display = ("id", "name", "workflow_name", "state", "error", "created", "completed")
    list_display_links = ("id", "name")
    list_filter = (("status", StatusFilter), LateFilter, "type", WorkflowFilter, "created")
    search_fields = ("name", "exception", "=pk")
    search_help_text = _("Name of a task, part of its exception, or its ID.")
    sortable_by = ("id", "created", "completed")
    ordering = ("-id",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    class Media:
        css = {"all": ["joeflow/admin.css"]}

    # Who may do what.

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tasks are made by workflows alone."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        """Tasks change by transitions alone."""
        return False

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may rerun tasks."""
        user: Any = request.user
        return bool(user.has_perm("joeflow.rerun"))

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may cancel tasks."""
        user: Any = request.user
        return bool(user.has_perm("joeflow.cancel"))

    def has_delete_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        """Ask for no permission where a task goes with its instance."""
        return goes_with_its_instance(request) or super().has_delete_permission(request, obj)

    def delete_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse: tasks are deleted with their instance alone.

        The permission to delete tasks is left to Django, since it is asked for, too, when something
        is deleted that the instance belongs to.
        """
        raise PermissionDenied

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> Any:
        """Return the actions without the one that deletes."""
        # Only Django 6.1 and later know of locations.
        options = {} if action_location is None else {"action_location": action_location}
        actions = super().get_actions(request, **options)
        actions.pop("delete_selected", None)
        return actions

    # The list.

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Return tasks without their tracebacks, which can be long."""
        return super().get_queryset(request).defer("stacktrace", "before")

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Search by what has an index."""
        return (queryset.filter(matching(search_term)) if search_term.strip() else queryset), False

    @admin.display(description=_("workflow"))
    def workflow_name(self, task: Task) -> Any:
        """Name and link an instance without loading it."""
        using = task._state.db
        model = workflow_class(task.content_type_id, using)
        content_types = ContentType.objects.db_manager(using)
        name = model._meta.verbose_name if model else content_types.get_for_id(task.content_type_id)
        return self._link(model, task._workflow_id, f"{name} {task._workflow_id}")

    @admin.display(description=_("status"))
    def state(self, task: Task) -> str:
        """Name the status, and say of what is late that it is."""
        status = task.get_status_display()
        return str(_("%(status)s, late") % {"status": status}) if task.is_late else status

    @admin.display(description=_("exception"))
    def error(self, task: Task) -> str:
        """Shorten the exception."""
        return Truncator(task.exception).chars(60)

    def _link(self, model: Any, pk: Any, text: Any) -> Any:
        """Link an object's page, where this site has one."""
        if model is None or not self.admin_site.is_registered(model):
            return str(text)
        name = f"{self.admin_site.name}:{model._meta.app_label}_{model._meta.model_name}_change"
        return format_html('<a href="{}">{}</a>', reverse(name, args=[pk]), text)

    # The page of a task.

    def get_fieldsets(self, request: HttpRequest, obj: Task | None = None) -> Any:
        """Return what is known of a task; of exceptions only where there was one."""
        failure = (_("Failure"), {"fields": ("exception", "traceback")})
        return [
            (None, {"fields": ("name", "workflow_link", "type", "status", "people", "events")}),
            *([failure] if obj is not None and obj.exception else []),
            (_("Before and after"), {"fields": ("parents", "children")}),
            (
                _("Times"),
                {
                    "fields": (
                        "created",
                        "due",
                        "snoozed_until",
                        "eta",
                        "started",
                        "completed",
                        "completed_by_user",
                        "modified",
                    )
                },
            ),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a task, without a button to delete it."""
        context = {"show_delete": False, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Return the URL of the form; None where there is none, as most tasks have none."""
        return None if obj is None else obj.get_absolute_url()

    @admin.display(description=_("workflow"))
    def workflow_link(self, task: Task) -> Any:
        """Link the instance."""
        model = workflow_class(task.content_type_id, task._state.db)
        if model is None:
            return self.workflow_name(task)
        return self._link(model, task._workflow_id, task.workflow)

    @admin.display(description=_("assignees"))
    def people(self, task: Task) -> Any:
        """List those whom the task is for."""
        return ", ".join(map(str, task.recipients)) or self.get_empty_value_display()

    @admin.display(description=_("events"))
    def events(self, task: Task) -> Any:
        """List who took it, gave it back or handed it over."""
        rows = task.event_set.select_related("user").order_by("pk")
        lines = [(display_for_value(row.created, ""), row.describe()) for row in rows]
        return format_html_join("", "{}: {}<br>", lines) or self.get_empty_value_display()

    @admin.display(description=_("traceback"))
    def traceback(self, task: Task) -> Any:
        """Fold the traceback away."""
        if not task.stacktrace:
            return self.get_empty_value_display()
        return format_html(
            '<details class="joeflow-traceback"><summary>{}</summary><pre>{}</pre></details>',
            _("Show the traceback"),
            task.stacktrace,
        )

    @admin.display(description=_("parents"))
    def parents(self, task: Task) -> Any:
        """Link the tasks that led to this one."""
        return self._links(task.parent_task_set.all())

    @admin.display(description=_("children"))
    def children(self, task: Task) -> Any:
        """Link the tasks that followed this one."""
        return self._links(task.child_task_set.all())

    def _links(self, tasks: Any) -> Any:
        rows = list(
            tasks.order_by("pk").defer("exception", "stacktrace", "before")[: MOST_LINKS + 1]
        )
        links = [(self._link(Task, task.pk, task), task.get_status_display()) for task in rows]
        more = ", …" if len(rows) > MOST_LINKS else ""
        listed = format_html_join(", ", "{} {}", links[:MOST_LINKS])
        return format_html("{}{}", listed, more) if rows else self.get_empty_value_display()
