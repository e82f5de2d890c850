"""Show a form again, with what was typed and the reason why nothing was done."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormMixin

from joeflow.views.api import json

__all__ = ("BUSY", "answer_conflict")

BUSY: Any = _("Somebody else is working on this at the moment. Please try again; nothing is lost.")


def answer_conflict(view: Any, message: Any) -> HttpResponse:
    """Return the answer 409 of a view of a person's task.

    Args:
        view: The view.
        message: Why nothing was done.
    """
    if view._wants_json:
        return json.refuse(409, str(message))
    if not isinstance(view, FormMixin):
        return HttpResponse(message, status=409, content_type="text/plain")
    form_view: Any = view
    form_view.object = form_view.get_object()
    form = form_view.get_form()
    form.add_error(None, message)
    response: HttpResponse = form_view.form_invalid(form)
    response.status_code = 409
    return response
