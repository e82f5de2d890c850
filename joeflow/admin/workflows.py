"""A base for the admin of people's own workflows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.db import router, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from joeflow.admin.forms import BUSY, OVERRIDE_FIELDS, OverrideFormMixin, StateFormMixin
from joeflow.admin.history import HistoryAdmin
from joeflow.admin.inlines import TaskInline
from joeflow.admin.lists import ListMixin
from joeflow.admin.stepping_in import PAUSE, SteppingInMixin
from joeflow.admin.tasks import tasks_go_with_their_instances
from joeflow.content_types import is_of_another_class, of_own_class
from joeflow.exceptions import MissingExtra
from joeflow.keys import read_key
from joeflow.models import Task
from joeflow.tracking import track_changes
from joeflow.transitions import transition
from joeflow.views.locking import act_or_give_up

__all__ = ("WorkflowAdmin",)

GRAPH = "joeflow_graph"


class WorkflowAdmin(SteppingInMixin, ListMixin, HistoryAdmin):
    """Admin of a workflow: its state, its graph, its tasks, its history, and a way to step in.

    Example::

        @admin.register(ShippingWorkflow)
        class ShippingWorkflowAdmin(WorkflowAdmin):
            list_display = ("__str__", "created", "shipping_address")

    Whatever it saves or deletes, it locks the instance first. History needs django-reversion.
    """

    inlines = (TaskInline,)
    show_full_result_count = False

    class Media:
        css = {"all": ["joeflow/admin.css"]}

    # Who may do what.

    def _can_override(self, request: HttpRequest, obj: Any) -> bool:
        return (
            obj is not None
            and bool(self.model._graph.nodes)
            and self.has_change_permission(request, obj)
            and self.has_override_permission(request, obj)
            and not self._is_of_another_class(obj)
        )

    def _is_of_another_class(self, obj: Any) -> bool:
        known: dict[str, Any] = vars(obj)
        if "_joeflow_is_of_another_class" not in known:
            known["_joeflow_is_of_another_class"] = is_of_another_class(obj)
        return bool(known["_joeflow_is_of_another_class"])

    # The form.

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the instances; those that are changed come from where they will be written."""
        queryset: QuerySet[Any] = super().get_queryset(request)
        if request.method == "POST":
            queryset = queryset.using(router.db_for_write(Task))
        return of_own_class(queryset)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return an instance whose ``save()`` writes only what differs from now on.

        To go back to a version is to write all of it.
        """
        obj = super().get_object(request, object_id, from_field)
        if obj is not None and not getattr(request, "joeflow_goes_back", False):
            track_changes(obj)
        return obj

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the graph of an instance, and who has paused it."""
        fields = super().get_readonly_fields(request, obj)
        if obj is None:
            return fields
        return (*fields, *(name for name in (PAUSE, GRAPH) if name not in fields))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields of the state."""
        own = {PAUSE, GRAPH, *OVERRIDE_FIELDS}
        return [name for name in super().get_fields(request, obj) if name not in own]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the graph and the override, where the class has not placed them itself."""
        fieldsets = list(super().get_fieldsets(request, obj))
        there = set(flatten_fieldsets(fieldsets))
        if obj is not None and GRAPH not in there:
            fieldsets.append((_("Progress"), {"fields": (GRAPH,)}))
        if obj is not None and obj._paused is not None and PAUSE not in there:
            fieldsets.insert(0, (None, {"fields": (PAUSE,)}))
        if self._can_override(request, obj) and not there & set(OVERRIDE_FIELDS):
            fieldsets.append((_("Override"), {"fields": OVERRIDE_FIELDS, "classes": ("collapse",)}))
        return fieldsets

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Add what saves only changes, and the fields of the override for those who may."""
        if kwargs.get("fields"):
            own = {PAUSE, GRAPH, *OVERRIDE_FIELDS}
            kwargs["fields"] = [name for name in kwargs["fields"] if name not in own]
        form_class = super().get_form(request, obj, change, **kwargs)
        mixin = OverrideFormMixin if self._can_override(request, obj) else StateFormMixin
        busy = getattr(request, "joeflow_is_busy", False)
        return type(form_class.__name__, (mixin, form_class), {"busy": busy})

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Leave out the tasks of an instance that is yet to be added."""
        inlines = super().get_inlines(request, obj)
        if obj is not None:
            return inlines
        return [inline for inline in inlines if not issubclass(inline, TaskInline)]

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Return the URL of the detail view; None where no URLconf includes it."""
        try:
            url: str | None = None if obj is None else obj.get_absolute_url()
        except NoReverseMatch:
            url = None
        return url

    @admin.display(description=_("graph"))
    def joeflow_graph(self, obj: Any) -> Any:
        """Draw what has happened so far; say what is missing where that cannot be drawn."""
        try:
            return format_html('<div class="joeflow-graph">{}</div>', obj.get_instance_graph_svg())
        except MissingExtra as error:
            return str(error)

    # Changing.

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the form of a new instance, or make it."""
        act = partial(super().add_view, request, form_url, extra_context)
        busy = partial(self._show_busy_form, request, None, form_url, extra_context)
        return _act_as_a_whole(request.method == "POST", act, busy)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show or change an instance; to change it, lock it before it is loaded."""
        key = read_key(unquote(object_id))
        if request.method != "POST" or key is None:
            return super().change_view(request, object_id, form_url, extra_context)
        lock = partial(transition, Task, key)
        act = partial(super().change_view, request, object_id, form_url, extra_context)
        busy = partial(self._show_busy_form, request, object_id, form_url, extra_context)
        return act_or_give_up(router.db_for_write(Task), lock, act, busy)

    def _show_busy_form(
        self, request: HttpRequest, object_id: str | None, form_url: str, extra_context: Any
    ) -> HttpResponse:
        request.joeflow_is_busy = True  # type: ignore[attr-defined]
        # Not changeform_view(), whose transaction would wait for SQLite's lock once more.
        show: Any = self._changeform_view  # type: ignore[attr-defined]
        form: HttpResponse = show(request, object_id, form_url, extra_context)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save what was changed, under the lock, and start what was chosen."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        with transition(Task, obj.pk, using=obj._state.db):
            if isinstance(form, StateFormMixin):
                super().save_model(request, obj, form, change)
            else:  # a row of the list
                columns = {field.name for field in obj._meta.concrete_fields}
                obj.save(update_fields=[name for name in form.changed_data if name in columns])
            if form.cleaned_data.get("next_tasks"):
                form.start_next_tasks(request.user)

    # Deleting.

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Ask for no permission to delete the tasks, which are a part of the instance."""
        with tasks_go_with_their_instances(request):
            return super().get_deleted_objects(objs, request)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Delete an instance; say so where a task is running."""
        act = partial(super().delete_view, request, object_id, extra_context)
        busy = partial(self._answer_busy, request)
        return _act_as_a_whole(request.method == "POST", act, busy)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete all of the instances, each under its lock, or none."""
        with transaction.atomic(using=router.db_for_write(Task)):
            for obj in queryset.order_by("pk"):
                self.delete_model(request, obj)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list; what is done to several instances is done to all of them or none."""
        writes = request.POST.get("action") == "delete_selected" or "_save" in request.POST
        act = partial(super().changelist_view, request, extra_context)
        return _act_as_a_whole(writes, act, partial(self._answer_busy, request))

    def _answer_busy(self, request: HttpRequest) -> HttpResponse:
        self.message_user(request, BUSY, messages.ERROR)
        return redirect(request.get_full_path())


def _act_as_a_whole(
    writes: bool, act: Callable[[], HttpResponse], give_up: Callable[[], HttpResponse]
) -> HttpResponse:
    """Write all or nothing, and do not give up what is committed already."""
    using = router.db_for_write(Task)
    lock = partial(transaction.atomic, using=using) if writes else nullcontext
    return act_or_give_up(using, lock, act, give_up)
