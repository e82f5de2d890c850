"""All that is running, for those who may see it; and what can be started."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import QuerySet
from django.urls import NoReverseMatch
from django.utils.translation import gettext_lazy as _
from django.views import generic

from joeflow.access import has_permissions, is_viewable_by, may_view
from joeflow.descriptions.tasks import describe_class, describe_instances
from joeflow.graph import words
from joeflow.models import Task, get_workflows
from joeflow.reversing import reverse_in
from joeflow.typing import HUMAN
from joeflow.views.api.described import DescribedList
from joeflow.views.pages.lists import FilterForm, PeopleListView
from joeflow.views.pages.searching import text_fields

__all__ = ("InstancesView", "StartsView")

LATE, FAILED, PAUSED = "late", "failed", "paused"


class InstancesForm(FilterForm):
    """Filters what is running."""

    node = forms.ChoiceField(label=_("Stands at"), required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("any")),
            (LATE, _("late")),
            (FAILED, _("failed")),
            (PAUSED, _("paused")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the tasks of the workflow classes, by name."""
        super().__init__(*args, **kwargs)
        nodes = {name for each in self.classes.values() for name, _node in each.get_nodes()}
        self.offer("node", [("", _("any task")), *((name, words(name)) for name in sorted(nodes))])


class InstancesView(PeopleListView):
    """Shows what has not ended, the newest first, and where each instance stands.

    A person sees the workflow classes that Django's permission to view them, or to change them, is
    for; and single instances of others, as the setting for permissions of instances says.
    """

    template_name = "joeflow/instances.html"
    filter_form_class = InstancesForm
    json_name = "instances"
    json_schema = "Instance"
    json_summary = _("What is running, the newest first")

    def get_workflows(self) -> list[Any]:
        """Return the workflow classes that this person may see, all or single instances."""
        return [each for each in get_workflows() if may_view(self.request.user, each) is not False]

    def get_search_fields(self, workflow: Any) -> list[str] | None:
        """Return the names of all fields with text: whoever sees an instance here may view it.

        Args:
            workflow: The workflow class.
        """
        return text_fields(workflow)

    def get_tasks(self) -> QuerySet[Any]:
        """Return the open tasks by which instances are found."""
        chosen = self.filter_form.chosen
        tasks: Any = Task.objects.using(self.using).open()
        tasks = self.search(tasks).filter(
            is_viewable_by(self.request.user, self.filter_form.workflows, self.using)
        )
        if "node" in chosen:
            tasks = tasks.filter(name=chosen["node"])
        state = chosen.get("state")
        if state == LATE:
            tasks = tasks.overdue()
        elif state == FAILED:
            tasks = tasks.filter(status=Task.FAILED)
        elif state == PAUSED:
            tasks = tasks.filter(_workflow___paused__isnull=False)
        found: QuerySet[Any] = tasks
        return found

    def get_queryset(self) -> QuerySet[Any]:
        """Return the keys of the instances; their open tasks say that they are running."""
        tasks = self.get_tasks().order_by("-_workflow_id")
        return tasks.values_list("_workflow_id", flat=True).distinct()

    def get_data(self) -> list[dict[str, Any]]:
        """Return the rows of the page: each instance, and where it stands."""
        tasks: Any = Task.objects.using(self.using).open().filter(_workflow__in=self.object_list)
        tasks = tasks.defer("exception", "stacktrace", "before").prefetch_related("workflow")
        tasks_of: dict[int, list[Any]] = defaultdict(list)
        for task in tasks.order_by("-_workflow_id", "pk"):
            vars(task)["label"] = words(task.name)
            tasks_of[task._workflow_id].append(task)
        rows = [(found[0].workflow, found) for found in tasks_of.values()]
        return [
            {
                "workflow": workflow,
                "tasks": found,
                "is_late": any(task.is_late for task in found),
                "has_failed": any(task.status == Task.FAILED for task in found),
                "paused": workflow._paused,
            }
            for workflow, found in rows
            if workflow is not None
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rows."""
        context = super().get_context_data(**kwargs)
        self.object_list = context["object_list"]  # those of the page
        return {"rows": self.get_data(), "may_view": bool(self.get_workflows()), **context}

    def get_described(self, context: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what the JSON says of the instances of one page."""
        return describe_instances([row["workflow"] for row in context["rows"]])


class StartsView(DescribedList, LoginRequiredMixin, generic.TemplateView):
    """Shows what a person may start."""

    template_name = "joeflow/starts.html"
    json_name = "starts"
    json_schema = "StartRow"
    json_summary = _("What whoever asks may start")

    def get_data(self) -> list[dict[str, Any]]:
        """Return the workflow classes, by name, each with its starts."""
        rows = [
            {"workflow": each, "name": each._meta.verbose_name, "starts": self.get_starts(each)}
            for each in get_workflows()
        ]
        return sorted((row for row in rows if row["starts"]), key=lambda row: str(row["name"]))

    def get_starts(self, workflow: Any) -> list[dict[str, str]]:
        """Return the forms that start a workflow, as far as this person may see them.

        Args:
            workflow: The workflow class.
        """
        found = []
        for name, node in workflow.get_nodes():
            if node.type != HUMAN or not getattr(node, "is_start", False):
                continue
            if not (node.asks_itself or has_permissions(self.request.user, node)):
                continue
            try:
                url = reverse_in(workflow.get_url_namespace(), name)
            except NoReverseMatch:
                continue  # no URLconf includes the workflow, or its path needs more
            found.append({"name": name, "label": words(name), "url": url})
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rows."""
        return super().get_context_data(rows=self.get_data(), **kwargs)

    def get_described(self, context: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what the JSON says of the starts."""
        return [
            {**start, "type": HUMAN, "workflow": describe_class(row["workflow"])}
            for row in context["rows"]
            for start in row["starts"]
        ]
