"""A view as a node of a workflow: its options, its URL, its checks and its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.mixins import AccessMixin
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.forms import ALL_FIELDS
from django.urls import URLPattern, path
from django.views import View
from django.views.generic.edit import ModelFormMixin

from joeflow.access import permissions_of
from joeflow.exceptions import InvalidDefinition
from joeflow.graph import show
from joeflow.keys import KEY_PATH
from joeflow.models import Task
from joeflow.recipients import give
from joeflow.typing import HUMAN
from joeflow.views.api import json
from joeflow.views.deadlines import check_deadlines, takes_one
from joeflow.views.names import WorkflowViewMixin
from joeflow.views.signed import for_signed_links

__all__ = ("HumanNode",)

#: The part of a URL pattern that stands for a signed link.
SIGNED_PATH = "signed/<str:token>/"


class HumanNode(WorkflowViewMixin):
    """The part of a person's task that belongs to the definition; there is no request here.

    Attributes:
        permission_required: Permissions that a person needs, all of them: one or several.
        assign: Whom a new task is given to: a function that is called with the instance, or the
            name of a method of the workflow class. It returns a user, a group, several of them,
            or None.
        due: When a new task is to be done: a ``timedelta`` from its creation on; or a function that
            is called with the instance, or the name of a method of the workflow class, which return
            a ``timedelta``, a ``datetime`` or None.
        remind: A ``timedelta``: so long before that the signal ``task_reminded`` is sent.
        overdue: Name of a machine task that runs when it was not done in time. Where that returns
            None the task stays open; where it returns tasks, the instance goes on with these.
        login_url: Where to send whoever is not logged in; this and the next ones as in Django's
            ``AccessMixin``.
        redirect_field_name: Name of the parameter that says where to come back to.
        raise_exception: Refuse those who are not logged in, instead.
        permission_denied_message: Why.
    """

    type = HUMAN
    path = ""
    permission_required: Any = None
    assign: Any = None
    due: Any = None
    remind: Any = None
    overdue: Any = None
    login_url: Any = None
    redirect_field_name: Any = REDIRECT_FIELD_NAME
    raise_exception = False
    permission_denied_message: Any = ""
    workflow_cls: Any = None
    is_start = False
    _get_workflow: Callable[[], Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a class whose requests would never come to joeflow.

        Raises:
            InvalidDefinition: A view stands in front.
        """
        super().__init_subclass__(**kwargs)
        bases = cls.__mro__
        if View in bases[: bases.index(HumanNode)]:
            raise InvalidDefinition(
                f"{cls.__name__} has a view in front of joeflow's mixin, which is then never asked "
                f"who may do what. Name the mixin first among the bases of {cls.__name__}."
            )

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

    def get_signed_url_pattern(self, workflow: Any) -> URLPattern:
        """Return the URL pattern of this node for links that ask for no login.

        Args:
            workflow: The workflow class.
        """
        view = for_signed_links(self.get_url_pattern(workflow).callback, self, workflow)
        pattern: URLPattern = path(f"{self.name}/{SIGNED_PATH}", view, name=f"{self.name}-signed")
        return pattern

    def create_task(self, workflow: Any, prev_task: Task) -> Task:
        """Return a new, saved task for this node; override it to say whose it is.

        This is no method of the view: there is no request.

        Args:
            workflow: The instance.
            prev_task: The task that this one follows.
        """
        task: Task = workflow.task_set.create(name=self.name, type=self.type, workflow=workflow)
        give(task, self.get_assignees(workflow))
        return task

    create_task.makes_plain_task = True  # type: ignore[attr-defined]

    def get_assignees(self, workflow: Any) -> Any:
        """Return whom a new task is given to: what ``assign`` says.

        Args:
            workflow: The instance.

        Returns:
            A user, a group, several of them, or None.
        """
        if isinstance(self.assign, str):
            return getattr(workflow, self.assign)()
        return self.assign(workflow) if self.assign is not None else None

    @property
    def asks_itself(self) -> bool:
        """Whether a mixin, like those of Django, asks for the permissions in a way of its own.

        Only one that stands in front is asked in time; for any other, joeflow asks itself.
        """
        bases = type(self).__mro__
        in_front = [b for b in bases[: bases.index(HumanNode)] if not issubclass(b, HumanNode)]
        return any(
            "dispatch" in vars(base)
            and (hasattr(base, "has_permission") or hasattr(base, "check_permissions"))
            for base in in_front
        )

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
        return [
            *self._check_form(),
            *self._check_success_url(),
            *self._check_bases(),
            *self._check_assign(),
            *self._check_permissions(),
            *check_deadlines(self),
        ]

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

    def _check_bases(self) -> Iterator[CheckMessage]:
        bases = type(self).__mro__
        for mixin in bases[bases.index(HumanNode) :]:
            if issubclass(mixin, AccessMixin) and "dispatch" in vars(mixin):
                yield Warning(
                    f"{self.workflow_cls._meta.label}.{self.name} has {mixin.__name__} behind "
                    f"joeflow's view, where it is asked too late or never.",
                    hint=f"Name {mixin.__name__} first among the bases of {type(self).__name__}.",
                    obj=self.workflow_cls,
                    id="joeflow.W025",
                )

    def _check_assign(self) -> Iterator[CheckMessage]:
        assign, name = self.assign, self.workflow_cls.__name__
        if assign is None:
            return
        if self.is_start:
            hint = "Leave assign out, or move it to a task that follows."
            yield self._error("is a start, and never somebody's", hint, id="joeflow.E029")
        elif isinstance(assign, str) and not callable(getattr(self.workflow_cls, assign, None)):
            hint = f"Give {name} a method {assign}(self), which returns a user, a group or None."
            yield self._error(f"has assign={assign!r}, which is no method", hint, id="joeflow.E030")
        elif not isinstance(assign, str) and not takes_one(assign):
            hint = "Set assign to a function of the instance alone, or to the name of a method."
            yield self._error(f"has assign={show(assign)}", hint, id="joeflow.E030")

    def _check_permissions(self) -> Iterator[CheckMessage]:
        for permission in () if self.asks_itself else permissions_of(self):
            if not isinstance(permission, str) or "." not in permission:
                problem = f"requires the permission {permission!r}, which nobody can have"
                label = self.workflow_cls._meta.app_label
                hint = f"Write it with its app, like '{label}.{permission}'."
                yield self._error(problem, hint, id="joeflow.E031")


def _editable_fields(model: type[Model]) -> list[str]:
    opts = model._meta
    fields = [*opts.concrete_fields, *opts.private_fields, *opts.many_to_many]
    return [field.name for field in fields if field.editable and not field.auto_created]
