"""The views of people's tasks, and of an instance as a whole."""

from __future__ import annotations

from typing import Any

from django.db import transaction as db_transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views import generic

from joeflow.engine import complete_start
from joeflow.models import Task
from joeflow.transitions import transition
from joeflow.typing import HUMAN

__all__ = ("OverrideView", "StartViewMixin", "TaskViewMixin", "WorkflowDetailView")


class TemplateNamesMixin:
    """Looks for templates by task, workflow and app, and in joeflow at last."""

    name: Any = None
    model: Any
    template_name_suffix = "_form"

    def get_template_names(self) -> list[str]:
        """Return the names in the order in which Django tries them."""
        opts = self.model._meta
        return [
            f"{opts.app_label}/{opts.model_name}_{self.name}.html",
            f"{opts.app_label}/{opts.model_name}{self.template_name_suffix}.html",
            f"{opts.app_label}/workflow{self.template_name_suffix}.html",
            f"joeflow/workflow{self.template_name_suffix}.html",
        ]


class TaskViewMixin(TemplateNamesMixin):
    """Makes a view a task of a person."""

    type = HUMAN
    path = ""
    workflow_cls: Any = None
    is_start = False

    def __init__(self, **kwargs: Any) -> None:
        """Keep the options, to make the view of them later."""
        self._instance_kwargs = kwargs
        super().__init__(**kwargs)

    def get_url_pattern(self, workflow: Any) -> URLPattern:
        """Return the URL pattern of the task."""
        route = f"{self.name}/" if self.is_start else f"{self.name}/<int:pk>/"
        view = type(self).as_view(model=workflow, name=self.name, **self._instance_kwargs)
        return path(route + self.path, view, name=self.name)

    def get_task(self) -> Task:
        """Return the open task of the URL."""
        task = Task.objects.filter(
            pk=self.kwargs["pk"], name=self.name, completed__isnull=True
        ).first()
        if task is None or not isinstance(task.workflow, self.model):
            raise Http404
        return task

    def get_object(self, queryset: Any = None) -> Any:
        """Return the instance."""
        return self.get_task().workflow

    def next_task(self) -> None:
        """Complete the task and start what follows."""
        task = self.get_task()
        task.finish(self.request.user)
        task.start_next_tasks()

    def create_task(self, workflow: Any, prev_task: Task) -> Task:
        """Return a new task for this node."""
        return workflow.task_set.create(name=self.name, type=self.type, workflow=workflow)

    create_task.makes_plain_task = True

    def form_valid(self, form: Any) -> HttpResponse:
        """Save, complete the task, go on."""
        with transition(Task, self.get_task()._workflow_id):
            response = super().form_valid(form)
            self.next_task()
        return response


class StartViewMixin(TaskViewMixin):
    """Makes a view the start of a workflow."""

    is_start = True

    def get_object(self, queryset: Any = None) -> Any:
        """Return None: there is no instance yet."""
        return None

    def form_valid(self, form: Any) -> HttpResponse:
        """Save and go on."""
        with db_transaction.atomic():
            response = super(TaskViewMixin, self).form_valid(form)
            complete_start(self.object, self.name, self.request.user)
        return response


class WorkflowDetailView(TemplateNamesMixin, generic.DetailView):
    """Shows an instance."""

    name = "detail"
    template_name_suffix = "_detail"


class OverrideView(TemplateNamesMixin, generic.UpdateView):
    """Steps in by hand."""

    name = "override"
    fields = "__all__"
