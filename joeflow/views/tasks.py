"""The views of people's tasks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction as database_transaction
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from joeflow.contrib.reversion import create_revision
from joeflow.engine import complete_start
from joeflow.exceptions import InstanceLocked, InvalidDefinition
from joeflow.models import Task
from joeflow.successors import task_values
from joeflow.tracking import track_changes
from joeflow.transitions import transition, workflow_class
from joeflow.typing import HUMAN
from joeflow.views import json
from joeflow.views.names import WorkflowViewMixin

__all__ = ("StartViewMixin", "TaskViewMixin")

_READING = {"GET", "HEAD", "OPTIONS", "TRACE"}


class _TaskIsClosed(Exception):
    """The task of the URL has been completed or canceled."""

    def __init__(self, task: Task) -> None:
        super().__init__(f"Task {task} is closed.")
        self.task = task


class TaskViewMixin(WorkflowViewMixin):
    """Makes a view the task of a person.

    Mix it into a view with a form, and completing the form completes the task; or into any view,
    and call `next_task` in it. Everything but reading runs under the lock of the instance, in one
    transaction.

    Attributes:
        path: Further URL pattern behind that of the task, like ``"<str:section>/"``.
        name: Name of the node.
        workflow_cls: The workflow class of the node.
    """

    type = HUMAN
    path = ""
    workflow_cls: Any = None
    is_start = False
    object: Any = None
    task: Any
    request: HttpRequest
    kwargs: dict[str, Any]

    def __init__(self, **kwargs: Any) -> None:
        """Keep the options; the URL's view is made of them.

        Raises:
            InvalidDefinition: The view has no such option.
        """
        for option in kwargs:
            if not hasattr(type(self), option):
                raise InvalidDefinition(
                    f"{type(self).__name__} has no option {option!r}. A view takes the names of "
                    f"its class attributes, like fields, form_class or template_name."
                )
        self._instance_kwargs = kwargs
        super().__init__(**kwargs)

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, which answers in JSON where JSON is sent."""
        view = super().as_view(**initkwargs)  # type: ignore[misc]
        guarded = json.guard(view)
        guarded.__dict__.update(view.__dict__)
        return guarded

    # The node.

    def get_url_pattern(self, workflow: Any) -> URLPattern:
        """Return the URL pattern of this node.

        Args:
            workflow: The workflow class.
        """
        route = f"{self.name}/" if self.is_start else f"{self.name}/<int:pk>/"
        view = type(self).as_view(model=workflow, name=self.name, **self._instance_kwargs)
        pattern: URLPattern = path(route + self.path, view, name=self.name)
        return pattern

    def check(self) -> list[CheckMessage]:
        """Find what would fail when somebody uses the view."""
        label = f"{self.workflow_cls._meta.label}.{self.name}"
        messages: list[CheckMessage] = []
        if self._has_no_form():
            messages.append(
                Error(
                    f"{label} has neither fields nor a form_class.",
                    hint="Name the fields of the form; fields=[] for a form without any.",
                    obj=self.workflow_cls,
                    id="joeflow.E020",
                )
            )
        if self.workflow_cls.detail_view is None and self._has_no_success_url():
            messages.append(
                Error(
                    f"{label} has no success_url, and its workflow has no detail view to go to.",
                    hint="Set success_url, or leave detail_view as it is.",
                    obj=self.workflow_cls,
                    id="joeflow.E021",
                )
            )
        return messages

    def _has_no_form(self) -> bool:
        form_class = getattr(self, "form_class", None)
        return hasattr(self, "fields") and self.fields is None and form_class is None

    def _has_no_success_url(self) -> bool:
        return hasattr(self, "success_url") and not self.success_url

    def create_task(self, workflow: Any, prev_task: Task) -> Task:
        """Return a new, saved task for this node; override it to say whose it is.

        This is no method of the view: there is no request.

        Args:
            workflow: The instance.
            prev_task: The task that this one follows.
        """
        task: Task = workflow.task_set.create(name=self.name, type=self.type, workflow=workflow)
        return task

    create_task.makes_plain_task = True  # type: ignore[attr-defined]

    # The request.

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer; whatever changes something does so under the lock."""
        try:
            if request.method in _READING:
                return self._dispatch(request, *args, **kwargs)
            with self._transition():
                return self._dispatch(request, *args, **kwargs)
        except _TaskIsClosed as closed:
            return self._answer_closed(closed.task)
        except InstanceLocked:
            return self._answer_locked()

    def _dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response

    def _transition(self) -> AbstractContextManager[Any]:
        tasks = Task.objects.using(self.using).filter(pk=self.kwargs["pk"]).order_by()
        workflow_pk = tasks.values_list("_workflow_id", flat=True).first()
        if workflow_pk is None:
            raise Http404
        return transition(Task, workflow_pk, using=self.using)

    def get_task(self) -> Task:
        """Return the open task of the URL.

        Raises:
            Http404: There is none of this node and workflow class.
        """
        if "task" not in self.__dict__:
            self.task = self._load_task()
        task: Task = self.task
        return task

    def _load_task(self) -> Task:
        tasks = Task.objects.using(self.using).select_related("completed_by_user")
        rows = tasks.filter(pk=self.kwargs["pk"], name=self.name).order_by()
        task: Task | None = rows.first()
        if task is None or workflow_class(task.content_type_id) is not self.model:
            raise Http404
        if task.completed is not None:
            raise _TaskIsClosed(task)
        return task

    def get_object(self, queryset: Any = None) -> Any:
        """Return the instance of the task, loaded fresh; under the lock where it is changed."""
        task = self.get_task()
        queryset = self.get_queryset() if queryset is None else queryset
        workflow = queryset.filter(pk=task._workflow_id).first()
        if workflow is None:
            raise Http404
        task.workflow = workflow
        track_changes(workflow)
        return workflow

    def next_task(self) -> None:
        """Complete the task and start what follows; override it to choose what does."""
        task = self.get_task()
        task.finish(self.request.user)
        task.start_next_tasks()

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return the form's arguments; JSON is read like a form that somebody sent."""
        kwargs: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]
        if self.request.method in {"POST", "PUT"} and json.is_json(self.request):
            form_class: Any = self.get_form_class()  # type: ignore[attr-defined]
            unbound = {k: v for k, v in kwargs.items() if k not in {"data", "files"}}
            kwargs["data"], self._json_errors = json.read_data(self.request, form_class(**unbound))
        return kwargs

    def get_form(self, form_class: Any = None) -> Any:
        """Return the form, with what the JSON said that no form can say."""
        form: Any = super().get_form(form_class)  # type: ignore[misc]
        for name, message in self.__dict__.pop("_json_errors", {}).items():
            form.errors.setdefault(name, form.error_class()).append(message)
        return form

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Save the state, complete the task and go on."""
        with create_revision(self.name, user=self.request.user, using=self.using):
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            self.next_task()
        if json.is_json(self.request):
            return json.answer(self.object, status=201 if self.is_start else 200)
        return response

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Show the form again, or say in JSON what is wrong."""
        if json.is_json(self.request):
            return json.answer_errors(form.errors)
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        return response

    def get_success_url(self) -> str:
        """Return where to go on: ``success_url``, or the detail view of the instance."""
        url: str | None = super().get_success_url()  # type: ignore[misc]
        if url is None:
            raise ImproperlyConfigured(
                f"{self.model.__name__}.{self.name} has no URL to go to. Give it a success_url, "
                f"or the workflow a detail_view."
            )
        return url

    # What stands in the way.

    def _answer_closed(self, task: Task) -> HttpResponse:
        reading = self.request.method in _READING
        status = 410 if reading else 409
        if json.is_json(self.request):
            return json.refuse(status, _("This task is closed."))
        context = {"task": task, "object": task.workflow, "was_sent": not reading}
        return render(self.request, "joeflow/task_closed.html", context, status=status)

    def _answer_locked(self) -> HttpResponse:
        message = _(
            "Somebody else is working on this at the moment. Please try again; nothing is lost."
        )
        if json.is_json(self.request):
            return json.refuse(409, message)
        if not hasattr(self, "get_form"):
            return HttpResponse(message, status=409, content_type="text/plain")
        self.object = self.get_object()
        form = self.get_form()
        form.add_error(None, message)
        response = self.form_invalid(form)
        response.status_code = 409
        return response


class StartViewMixin(TaskViewMixin):
    """Makes a view the start of a workflow.

    Mix it into a view with a form, and the form creates the instance; or into any view, set
    ``self.object`` to a new instance in it, and call `next_task`.
    """

    is_start = True

    def _transition(self) -> AbstractContextManager[Any]:
        return database_transaction.atomic(using=self.using)

    def get_task(self) -> Task:
        """Return the task to complete; it is not saved so far."""
        if "task" not in self.__dict__:
            if self.object is not None and self.object.pk:
                self.task = Task(**task_values(self.object, self.name, HUMAN))
            else:
                return Task(name=self.name, type=HUMAN)
        task: Task = self.task
        return task

    def get_object(self, queryset: Any = None) -> Any:
        """Return nothing: the instance is yet to be created."""
        return None

    def next_task(self) -> None:
        """Complete the start and go on; override it to choose what follows."""
        complete_start(self.object, self.name, self.request.user)
