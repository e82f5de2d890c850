"""A view as a node of a workflow: its options, its URL, its checks and its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.forms import ALL_FIELDS
from django.urls import URLPattern, path
from django.views.generic.edit import ModelFormMixin

from joeflow.exceptions import InvalidDefinition
from joeflow.keys import KEY_PATH
from joeflow.models import Task
from joeflow.typing import HUMAN
from joeflow.views import json
from joeflow.views.names import WorkflowViewMixin

__all__ = ("HumanNode",)


class HumanNode(WorkflowViewMixin):
    """The part of a person's task that belongs to the definition; there is no request here."""

    type = HUMAN
    path = ""
    workflow_cls: Any = None
    is_start = False
    _get_workflow: Callable[[], Any]

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
        return json.guard(super().as_view(**initkwargs))  # type: ignore[misc]

    def get_url_pattern(self, workflow: Any) -> URLPattern:
        """Return the URL pattern of this node.

        Args:
            workflow: The workflow class.
        """
        route = f"{self.name}/" if self.is_start else f"{self.name}/{KEY_PATH}"
        view = type(self).as_view(model=workflow, name=self.name, **self._instance_kwargs)
        pattern: URLPattern = path(route + self.path, view, name=self.name)
        return pattern

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

    def get_success_url(self) -> str:
        """Return where to go on: ``success_url``, or the detail view of the instance."""
        if getattr(self, "success_url", None):
            return str(super().get_success_url())  # type: ignore[misc]
        url: str | None = self._get_workflow().get_absolute_url()
        if url is None:
            raise ImproperlyConfigured(
                f"{self.model.__name__}.{self.name} has no URL to go to. Give it a success_url, "
                f"or the workflow a detail_view."
            )
        return url

    def check(self) -> list[CheckMessage]:
        """Find what would fail when somebody uses the view."""
        return [*self._check_form(), *self._check_success_url()]

    def _error(self, problem: str, hint: str, **options: str) -> CheckMessage:
        label = f"{self.workflow_cls._meta.label}.{self.name}"
        return Error(f"{label} {problem}.", hint=hint, obj=self.workflow_cls, **options)

    def _check_form(self) -> Iterator[CheckMessage]:
        if getattr(type(self), "get_form_class", None) is not ModelFormMixin.get_form_class:
            return  # a view without a form, or with a way of its own to get one
        fields: Any = self.fields  # type: ignore[attr-defined]
        form_class: Any = self.form_class  # type: ignore[attr-defined]
        if fields is None and form_class is None:
            hint = "Name the fields of the form; fields=[] for a form without any."
            yield self._error("has neither fields nor a form_class", hint, id="joeflow.E020")
        elif fields is not None and form_class is not None:
            hint = "Name the fields in the form's Meta, and leave them out here."
            yield self._error("has both fields and a form_class", hint, id="joeflow.E023")
        elif fields is not None and fields != ALL_FIELDS:
            yield from self._check_fields(fields)

    def _check_fields(self, fields: Any) -> Iterator[CheckMessage]:
        if isinstance(fields, str):
            problem = f"has the fields {fields!r}, which is no list"
            hint = f"Write fields=[{fields!r}], or fields={ALL_FIELDS!r} for all of them."
            yield self._error(problem, hint, id="joeflow.E022")
            return
        known = _editable_fields(self.workflow_cls)
        for name in [name for name in fields if name not in known]:
            problem = f"has {name!r} among its fields, which no form can change"
            hint = f"The fields that a form can change are: {', '.join(known) or 'none'}."
            yield self._error(problem, hint, id="joeflow.E022")

    def _check_success_url(self) -> Iterator[CheckMessage]:
        if not hasattr(self, "success_url") or self.success_url:
            return
        own = type(self).get_success_url is not HumanNode.get_success_url
        if self.workflow_cls.detail_view is None and not own:
            problem = "has no success_url, and its workflow has no detail view to go to"
            hint = "Set success_url, or leave detail_view as it is."
            yield self._error(problem, hint, id="joeflow.E021")


def _editable_fields(model: type[Model]) -> list[str]:
    opts = model._meta
    fields = [*opts.concrete_fields, *opts.private_fields, *opts.many_to_many]
    return [field.name for field in fields if field.editable and not field.auto_created]
