"""Answers in JSON to those who only look: at a task, an instance, what happened to it, a list."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy

from joeflow.content_types import is_of_another_class
from joeflow.descriptions.histories import describe_history
from joeflow.descriptions.tasks import (
    describe_instance,
    describe_page,
    describe_start,
    describe_task,
    describe_tasks,
)
from joeflow.views.api import json
from joeflow.views.api.rest import is_rest
from joeflow.views.bodies import refuse_unreadable

__all__ = ("DescribedInstance", "DescribedList", "DescribedStart", "DescribedTask")


class DescribedTask:
    """Makes the view of a task read JSON, and answer with a description in place of its form."""

    request: HttpRequest

    @property
    def _wants_json(self) -> bool:
        return is_rest(self) or json.wants_json(self.request)

    def get_description(self, form: Any) -> dict[str, Any]:
        """Return what the JSON says of the task; override it to say more.

        Args:
            form: The form; None in a view without one.
        """
        view: Any = self
        view.object = view.get_object() if view.object is None else view.object
        return describe_task(view.get_task(), view._user, form, url=self.request.path)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return the form's arguments; JSON is read like a form that somebody sent."""
        plain: Any = super()
        kwargs: dict[str, Any] = plain.get_form_kwargs()
        if self.request.method not in {"POST", "PUT"}:
            return kwargs
        if not json.is_json(self.request):
            refuse_unreadable(self.request)
        else:
            view: Any = self
            form_class: Any = view.get_form_class()
            unbound = {k: v for k, v in kwargs.items() if k not in {"data", "files"}}
            self._sent = json.read_data(self.request, form_class(**unbound))
            kwargs["data"] = self._sent.data
        return kwargs

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Return the page, or the description for those who want JSON."""
        if self._wants_json:
            return JsonResponse(self.get_description(context.get("form")))
        page: Any = super()
        response: HttpResponse = page.render_to_response(context, **options)
        return response


class DescribedStart(DescribedTask):
    """The same for the view of a start."""

    def get_description(self, form: Any) -> dict[str, Any]:
        """Return what the JSON says of the start; override it to say more.

        Args:
            form: The form; None in a view without one.
        """
        return describe_start(self, form)


class DescribedInstance:
    """Makes the page of an instance answer in JSON, too.

    Attributes:
        is_history: Whether the answer is what happened to the instance, and not where it stands.
    """

    object: Any
    is_history = False

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, which answers in JSON where that is wanted."""
        view: Any = super()
        return json.guard(view.as_view(**initkwargs))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the page, or the description for those who want JSON."""
        view: Any = super()
        if not json.wants_json(request):
            response: HttpResponse = view.get(request, *args, **kwargs)
            return response
        self.object = view.get_object()
        return JsonResponse(self.get_past() if self.is_history else self.get_description())

    def get_description(self) -> dict[str, Any]:
        """Return what the JSON says of the instance; override it to say more."""
        described = describe_instance(self.object)
        if not described["tasks"] and is_of_another_class(self.object):
            raise Http404
        return described

    def get_past(self) -> dict[str, Any]:
        """Return what the JSON says of the history, page by page."""
        view: Any = self
        number = view.request.GET.get("page", "1")
        entries, page = describe_history(
            self.object,
            number,
            with_reasons=view._may_view_reasons(),
            with_events=view._may_view_events(),
        )
        has_own_task = any(entry["entry"] == "task" for entry in entries)
        if not has_own_task and is_of_another_class(self.object):
            raise Http404
        return describe_page(view.request, "history", entries, page)


class DescribedList:
    """Makes a list answer in JSON, too.

    Attributes:
        json_name: The key of the list in the answer.
        json_schema: What each row is, for the OpenAPI document: the name of one of its schemas.
        json_summary: What the list is, in a sentence for people.
    """

    request: HttpRequest
    json_name = "tasks"
    json_schema = "ListedTask"
    json_summary: Any = gettext_lazy("A list of tasks")

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, which answers in JSON where that is wanted."""
        view: Any = super()
        return json.guard(view.as_view(**initkwargs))

    def get_described(self, context: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what the JSON says of one page; override it where that are no tasks.

        Args:
            context: What a template would be given.
        """
        return describe_tasks(list(context["object_list"]), getattr(self.request, "user", None))

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Return the page, or its list for those who want JSON."""
        if not json.wants_json(self.request):
            view: Any = super()
            response: HttpResponse = view.render_to_response(context, **options)
            return response
        described, page = self.get_described(context), context.get("page_obj")
        return JsonResponse(describe_page(self.request, self.json_name, described, page))
