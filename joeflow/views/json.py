"""JSON in the place of a form: the same fields, rules and permissions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.forms.utils import ErrorDict
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _

from joeflow.models import Task

__all__ = ("BadJSON", "answer", "answer_errors", "is_json", "read_data", "refuse")


class BadJSON(ValueError):
    """The body cannot be read; the message says why."""


def is_json(request: HttpRequest) -> bool:
    """Tell whether somebody sent JSON, and so gets JSON."""
    return request.content_type == "application/json"


def refuse(status: int, detail: str) -> JsonResponse:
    """Return an answer that says why not."""
    return JsonResponse({"detail": detail}, status=status)


def guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view with JSON answers where JSON was sent and the view refuses."""

    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_json(request):
            return view(request, *args, **kwargs)
        try:
            response = view(request, *args, **kwargs)
        except BadJSON as error:
            return refuse(400, str(error))
        except Http404:
            return refuse(404, _("There is no such task."))
        except PermissionDenied:
            return _refuse_person(request)
        # Whoever asks a person to log in redirects; a program is told instead.
        return _refuse_person(request) if response.status_code in (301, 302) else response

    return guarded


def _refuse_person(request: HttpRequest) -> JsonResponse:
    if request.user.is_authenticated:
        return refuse(403, _("You may not do this."))
    return refuse(401, _("Log in first."))


def answer(workflow: Any, *, status: int) -> JsonResponse:
    """Return where an instance stands."""
    tasks: Iterable[Any] = workflow.task_set.open().order_by("pk")
    described = [_describe(task) for task in tasks]
    return JsonResponse(
        {
            "id": workflow.pk,
            "url": workflow.get_absolute_url(),
            "ended": not described,
            "tasks": described,
        },
        status=status,
    )


def _describe(task: Task) -> dict[str, Any]:
    return {
        "id": task.pk,
        "name": task.name,
        "type": task.type,
        "status": task.status,
        "url": task.get_absolute_url(),
    }


def answer_errors(errors: ErrorDict) -> JsonResponse:
    """Return what is wrong with the fields."""
    messages = {name: [str(message) for message in found] for name, found in errors.items()}
    return JsonResponse({"errors": messages}, status=422)


def read_body(request: HttpRequest) -> dict[str, Any]:
    """Return the object that was sent.

    Raises:
        BadJSON: It is none.
    """
    try:
        body = json.loads(request.body.decode(request.encoding or "utf-8"))
    except (ValueError, LookupError, RecursionError) as error:
        raise BadJSON(_("The body is not JSON: {error}").format(error=error)) from error
    if not isinstance(body, dict):
        raise BadJSON(_("The body must be a JSON object, like {}."))
    return body


def read_data(request: HttpRequest, form: forms.BaseForm) -> tuple[QueryDict, dict[str, str]]:
    """Return what a person would have sent with the form, and what cannot be sent with it.

    Args:
        request: The request with the JSON body.
        form: The form, unbound: what the body leaves out keeps the value that it shows.

    Raises:
        BadJSON: The body cannot be read.
    """
    body = read_body(request)
    data = QueryDict(mutable=True)
    errors = {}
    for name in body.keys() - form.fields.keys():
        known = ", ".join(form.fields) or "-"
        errors[name] = _("There is no such field; the fields are: {known}.").format(known=known)
    for bound in form:
        if bound.name not in body:
            _write(data, bound, bound.initial)
        elif _fits(bound.field, body[bound.name]):
            _write(data, bound, body[bound.name])
        else:
            errors[bound.name] = _("This is the wrong type of value for this field.")
    return data, errors


def _fits(field: forms.Field, value: Any) -> bool:
    if isinstance(field, forms.JSONField):
        return True
    if isinstance(value, list):
        several = isinstance(field.widget, (forms.SelectMultiple, forms.MultiWidget))
        return several and not any(isinstance(item, (dict, list)) for item in value)
    if isinstance(value, bool):
        return not isinstance(field, (forms.CharField, forms.IntegerField))
    return not isinstance(value, dict)


def _write(data: QueryDict, bound: forms.BoundField, value: Any) -> None:
    """Write a value as the field's widget would have sent it."""
    widget, name = bound.field.widget, bound.html_name
    value = bound.field.prepare_value(value)
    if isinstance(widget, forms.FileInput):
        return  # a file that was not sent stays as it is
    if isinstance(widget, forms.MultiWidget):
        parts = value if isinstance(value, (list, tuple)) else widget.decompress(value)
        suffixes: list[str] = widget.widgets_names  # type: ignore[attr-defined]
        for suffix, part in zip(suffixes, parts or (), strict=False):
            data[name + suffix] = "" if part is None else str(part)
    elif isinstance(value, bool):
        data[name] = str(value)
    elif isinstance(value, (list, tuple)):
        data.setlist(name, [str(item) for item in value])
    elif value is not None:
        shown = widget.format_value(value)
        data.setlist(name, [str(item) for item in shown] if isinstance(shown, list) else [shown])
