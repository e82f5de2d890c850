"""The tasks of an instance on its page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.functional import cached_property

from joeflow.models import Task

__all__ = ("TaskInline",)

#: So many tasks of an instance are shown at most.
MOST_TASKS = 100


class TaskFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Shows tasks and takes nothing: there are no fields, however many tasks there are."""

    def __init__(self, data: Any = None, files: Any = None, **options: Any) -> None:
        """Leave out what a person has sent."""
        super().__init__(None, None, **options)

    def initial_form_count(self) -> int:
        """Make no forms."""
        return 0

    def total_form_count(self) -> int:
        """Make no forms."""
        return 0

    def is_valid(self) -> bool:
        """Take everything, since it is nothing."""
        return True

    def save(self, commit: bool = True) -> list[Any]:
        """Save nothing."""
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        return []

    queryset: Any

    @cached_property
    def _found(self) -> list[Task]:
        return list(self.queryset[: MOST_TASKS + 1]) if self.instance.pk else []

    @property
    def tasks(self) -> list[Task]:
        """The most recent tasks, the last one first."""
        return self._found[:MOST_TASKS]

    @property
    def has_more(self) -> bool:
        """Whether there are more than are shown."""
        return len(self._found) > MOST_TASKS


class TaskInline(admin.TabularInline):  # type: ignore[type-arg]
    """Shows the tasks of an instance; who may see the instance may see them."""

    model = Task
    fk_name = "_workflow"
    formset = TaskFormSet
    template = "admin/joeflow/tasks.html"
    fields = readonly_fields = ("name", "type", "status")
    ordering = ("-pk",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tasks are made by workflows alone."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tasks change by transitions alone."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tasks are deleted with their instance alone."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may see the instance may see its tasks."""
        return True

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return tasks with the people who have or had to do with them, in three statements."""
        tasks = super().get_queryset(request).select_related("completed_by_user")
        return tasks.prefetch_related("assignees", "assigned_groups").defer("stacktrace", "before")
