"""The page of an instance: what happened."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet, prefetch_related_objects
from django.http import Http404
from django.views import generic

from joeflow.access import may_override, with_people
from joeflow.content_types import is_of_another_class
from joeflow.exceptions import MissingExtra
from joeflow.models import Event, Task
from joeflow.views.names import WorkflowViewMixin, words
from joeflow.views.stepping_in import add_undo_urls, pause_context

__all__ = ("WorkflowDetailView",)

#: So many tasks are listed at most, the most recent ones.
MOST_TASKS = 500


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
            **pause_context(workflow, self._user),
            **kwargs,
        }
        try:
            context["graph"] = workflow.get_instance_graph_svg()
        except MissingExtra:
            context["mermaid"] = workflow.get_instance_graph_mermaid()
        add_undo_urls(workflow, tasks, self._user)
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
