"""JSON in the place of a form: the same fields, rules and permissions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial, wraps
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.forms.models import model_to_dict
from django.forms.utils import ErrorDict
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
    QueryDict,
)
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _

from joeflow.descriptions.tasks import describe_standing
from joeflow.descriptions.values import write_value
from joeflow.views.api.negotiation import is_json, vary, wants_json

__all__ = (
    "BadJSON",
    "SentData",
    "answer",
    "answer_errors",
    "guard",
    "is_json",
    "is_login",
    "is_redirect",
    "read_data",
    "refuse",
    "refuse_person",
    "wants_json",
)


#: Numbers with more digits before or after the point are rounded.
MOST_DIGITS = 100


class BadJSON(ValueError):
    """The body cannot be read; the message says why."""


def is_redirect(response: HttpResponseBase) -> bool:
    """Tell whether a response sends the browser elsewhere."""
    return response.has_header("Location") and response.status_code // 100 == 3


def is_login(request: HttpRequest, response: HttpResponse, login_url: str | None = None) -> bool:
    """Tell whether a redirect asks somebody to log in, as Django's mixins and decorators do.

    Args:
        request: The request.
        response: The redirect.
        login_url: Where the view sends people, if it says so.
    """
    login = urlsplit(resolve_url(login_url or settings.LOGIN_URL))
    asked = urlsplit(response["Location"])
    if (login.netloc, login.path) == (asked.netloc, asked.path):
        return True
    # A mixin can send people elsewhere; but it says where they shall come back to.
    return REDIRECT_FIELD_NAME in QueryDict(asked.query) and not _is_logged_in(request)


def refuse(status: int, detail: str, **options: Any) -> JsonResponse:
    """Return an answer that says why not."""
    return JsonResponse({"detail": detail}, status=status, **options)


def guard(
    view: Callable[..., Any], asks: Callable[[HttpRequest], bool] = wants_json
) -> Callable[..., Any]:
    """Return the view with JSON answers where JSON is wanted and the view refuses.

    Args:
        view: The view.
        asks: Tells whether a request wants JSON.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        respond = partial(_answer_in_json, view) if asks(request) else view
        response = respond(request, *args, **kwargs)
        vary(response)
        return response

    return guarded


def _answer_in_json(
    view: Callable[..., Any], request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    allowed = _methods_of(view)
    if allowed and request.method not in allowed:  # whatever there is at this address, or is not
        return _refuse_method(", ".join(allowed))
    try:
        response: HttpResponseBase = view(request, *args, **kwargs)
    except BadJSON as error:
        return refuse(400, str(error))
    except RequestDataTooBig:
        return refuse(413, _("The body is too large."))
    except Http404:
        return refuse(404, _("There is nothing at this address."))
    except PermissionDenied:
        return refuse_person(request)
    if isinstance(response, HttpResponseNotAllowed):
        return _refuse_method(response["Allow"])
    # Whoever asks a person to log in redirects; a program is told instead.
    return refuse_person(request) if is_redirect(response) else response


def _methods_of(view: Any) -> list[str]:
    """Return the methods that a class-based view has an answer to; nothing for other views."""
    view_class = getattr(view, "view_class", None)
    names = view_class.http_method_names if view_class is not None else ()
    found = [name.upper() for name in names if hasattr(view_class, name)]
    return [*found, "HEAD"] if "GET" in found and "HEAD" not in found else found


def _refuse_method(allowed: str) -> JsonResponse:
    return refuse(405, _("This method is not allowed."), headers={"Allow": allowed})


def refuse_person(request: HttpRequest) -> JsonResponse:
    """Return an answer for somebody who is not logged in, or may not do something."""
    if _is_logged_in(request):
        return refuse(403, _("You may not do this."))
    return refuse(401, _("Log in first."))


def _is_logged_in(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and bool(user.is_authenticated)


def answer(workflow: Any, *, status: int) -> JsonResponse:
    """Return where an instance stands."""
    if workflow is None:  # a start that has not made one
        return JsonResponse({"id": None, "url": None, "ended": False, "tasks": []}, status=200)
    return JsonResponse(describe_standing(workflow), status=status)


def answer_errors(errors: ErrorDict) -> JsonResponse:
    """Return what is wrong with the fields."""
    messages = {name: [str(message) for message in found] for name, found in errors.items()}
    return JsonResponse({"errors": messages}, status=422)


@dataclass
class SentData:
    """What somebody sent as JSON, in the words of a form."""

    data: QueryDict = field(default_factory=lambda: QueryDict(mutable=True))
    errors: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)

    def apply(self, form: forms.BaseForm) -> None:
        """Keep the values that were not sent, and add the errors that no form can find."""
        if isinstance(form, forms.BaseModelForm) and form.instance.pk:
            # Not what the view suggests to a person, but what is there.
            form.initial.update(model_to_dict(form.instance, fields=self.absent))
        for name in self.absent:
            kept: Any = form.fields[name]
            kept.disabled = True
            kept.widget.supports_microseconds = True
            kept.strip = False
        for name, message in self.errors.items():
            form.errors.setdefault(name, form.error_class()).append(message)


def read_data(request: HttpRequest, form: forms.BaseForm) -> SentData:
    """Return what a person would have sent with the form.

    Args:
        request: The request with the JSON body.
        form: The form, unbound.

    Raises:
        BadJSON: The body cannot be read.
    """
    body = _read_body(request)
    sent = SentData()
    for name in body.keys() - form.fields.keys():
        known = ", ".join(form.fields) or "-"
        sent.errors[name] = _("There is no such field; the fields are: {known}.").format(
            known=known
        )
    for bound in form:
        if bound.name in body:
            written = write_value(bound.field, bound.html_name, body[bound.name])
            if written is None:
                sent.errors[bound.name] = _("This is the wrong type of value for this field.")
            for key, values in (written or {}).items():
                sent.data.setlist(key, values)
        elif not isinstance(bound.field, forms.FileField):  # which stays without further ado
            sent.absent.append(bound.name)
    return sent


def _read_body(request: HttpRequest) -> dict[str, Any]:
    charset = (request.content_params or {}).get("charset", "utf-8")
    try:
        body = json.loads(request.body.decode(charset), parse_float=_read_number)
        # No database takes infinite numbers or halves of characters, which Python can read.
        json.dumps(body, allow_nan=False, ensure_ascii=False, default=str).encode()
    except (ValueError, LookupError, RecursionError) as error:
        raise BadJSON(_("The body is not JSON: {error}").format(error=error)) from error
    if not isinstance(body, dict):
        raise BadJSON(_("The body must be a JSON object, like {}."))
    return body


def _read_number(text: str) -> Decimal | float:
    """Return a number with all digits that were sent, which a float would round."""
    try:
        value = Decimal(text)
    except ArithmeticError:  # its exponent is too long even for a Decimal
        return float(text)
    return value if abs(value.adjusted()) < MOST_DIGITS else float(text)
