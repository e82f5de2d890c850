"""The pages of an instance: what happened, and stepping in."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, prefetch_related_objects
from django.forms import modelform_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import generic

from joeflow.access import with_people
from joeflow.content_types import is_of_another_class
from joeflow.contrib.reversion import create_revision
from joeflow.exceptions import InstanceChanged, MissingExtra
from joeflow.forms import OverrideForm
from joeflow.models import Event, Task
from joeflow.tracking import track_changes
from joeflow.transitions import transition
from joeflow.views import json
from joeflow.views.bodies import UnreadableBody, refuse_unreadable
from joeflow.views.locking import act_or_give_up
from joeflow.views.names import WorkflowViewMixin, words

__all__ = ("OverrideView", "WorkflowDetailView")

#: So many tasks are listed at most, the most recent ones.
MOST_TASKS = 500


def may_override(user: Any, workflow: Any) -> bool:
    """Tell whether somebody may step in by hand.

    Args:
        user: Who asks.
        workflow: The workflow class or an instance of it.
    """
    if user is None:
        return False  # a project without users
    opts = workflow._meta
    own = f"{opts.app_label}.override_{opts.model_name}"
    return bool(user.has_perm("joeflow.override") or user.has_perm(own))


def _load_people(tasks: list[Any]) -> None:
    """Load whose open tasks are, and what was done about that, of those that have any."""
    with_events = [task for task in tasks if task.has_events]
    events = Prefetch("event_set", Event._base_manager.select_related("user").order_by("pk"))
    prefetch_related_objects(with_events, events)
    given = [t for t in tasks if t.completed is None and (t.has_assignees or t.has_groups)]
    prefetch_related_objects(given, "assignees", "assigned_groups")
    for task in given:
        vars(task)["people"] = task.recipients


class WorkflowDetailView(WorkflowViewMixin, generic.DetailView):  # type: ignore[type-arg]
    """Shows an instance: its graph and its history."""

    name = "detail"
    template_name_suffix = "_detail"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the graph, where it can be drawn, and the tasks, newest first."""
        workflow, tasks = self.object, self._get_tasks()
        if not tasks and is_of_another_class(workflow):
            raise Http404
        context: dict[str, Any] = {
            "may_override": self._may_override(),
            "may_view_reasons": self._may_view_reasons(),
            **kwargs,
        }
        try:
            context["graph"] = workflow.get_instance_graph_svg()
        except MissingExtra:
            context["mermaid"] = workflow.get_instance_graph_mermaid()
        context["tasks"] = tasks
        context["more_tasks"] = len(tasks) == MOST_TASKS
        return super().get_context_data(**context)

    def _may_override(self) -> bool:
        return self.model.override_view is not None and may_override(self._user, self.model)

    def _may_view_reasons(self) -> bool:
        # What an exception says can be secret: an address with a token, a row of the database.
        user, permissions = self._user, ("joeflow.view_task", "joeflow.change_task")
        return user is not None and any(user.has_perm(each) for each in permissions)

    def _get_tasks(self) -> list[Task]:
        rows: QuerySet[Task] = self.object.task_set.select_related("completed_by_user")
        rows = with_people(rows, None).annotate(
            has_events=Exists(Event._base_manager.filter(task=OuterRef("pk")))
        )
        tasks = list(rows.defer("stacktrace", "before").order_by("-pk")[:MOST_TASKS])
        _load_people(tasks)
        for task in tasks:
            vars(task)["label"] = words(task.name)
        return tasks


class OverrideView(PermissionRequiredMixin, WorkflowViewMixin, generic.UpdateView):  # type: ignore[type-arg]
    """Lets somebody with the permission change the state and send the instance elsewhere."""

    name = "override"
    form_class = OverrideForm
    fields = "__all__"

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, which refuses in JSON where JSON is sent."""
        return json.guard(super().as_view(**initkwargs))

    def has_permission(self) -> bool:
        """Ask for ``joeflow.override``, or the workflow's own permission to override."""
        return may_override(self._user, self.model)

    def get_template_names(self) -> list[str]:
        """Return the names in the order in which Django tries them."""
        opts = self.model._meta
        names = [
            f"{opts.app_label}/{opts.model_name}_override.html",
            f"{opts.app_label}/workflow_override.html",
            f"{opts.app_label}/{opts.model_name}_form.html",
            f"{opts.app_label}/workflow_form.html",
            "joeflow/workflow_override.html",
        ]
        return [self.template_name, *names] if self.template_name else names

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the names of the open tasks, in words."""
        names = self.object.task_set.open().order_by("pk").values_list("name", flat=True)
        return super().get_context_data(open_tasks=[words(name) for name in names], **kwargs)

    def get_object(self, queryset: Any = None) -> Any:
        """Return the instance; what is not changed in the form is not saved."""
        workflow = super().get_object(queryset)
        if is_of_another_class(workflow):
            raise Http404
        track_changes(workflow)
        return workflow

    def get_form_class(self) -> Any:
        """Return the form for the fields of this workflow class."""
        return modelform_factory(self.model, form=self.form_class, fields=self.fields)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Change and go elsewhere, under the lock."""
        if json.is_json(request):
            return json.refuse(415, _("This form is for people; it takes no JSON."))
        try:
            refuse_unreadable(request)
            lock = partial(transition, Task, self.kwargs["pk"], using=self.using)
            act = partial(super().post, request, *args, **kwargs)
            return act_or_give_up(self.using, lock, act, self._show_again)
        except UnreadableBody as error:
            return error.get_response()
        except InstanceChanged:
            return self._show_new_state()

    def form_valid(self, form: Any) -> HttpResponse:
        """Save the state and start what was chosen."""
        with create_revision(self.name, user=self._user, using=self.using):
            response = super().form_valid(form)
            form.start_next_tasks(self._user)
        return response

    def _show_again(self) -> HttpResponse:
        self.object = self.get_object()
        form = self.get_form()
        form.add_error(None, _("Somebody else is working on this at the moment. Please try again."))
        return self.render_to_response(self.get_context_data(form=form), status=409)

    def _show_new_state(self) -> HttpResponse:
        self.object = self.get_object()
        form = self.get_form_class()(instance=self.object)
        form.show_message(_("Meanwhile this has changed. Please look again before you step in."))
        return self.render_to_response(self.get_context_data(form=form), status=409)
