"""Which bodies a form can be read from: what cannot be read must not count as empty."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from joeflow.views.api.negotiation import wants_json

__all__ = ("UnreadableBody", "refuse_unreadable")

_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


class UnreadableBody(Exception):
    """Nobody can read a form from this request."""

    def get_response(self, request: HttpRequest) -> HttpResponse:
        """Return an answer that says what could be read.

        Args:
            request: What was refused.
        """
        detail = _("Nothing was changed: send a form with POST, or JSON with POST or PUT.")
        if wants_json(request):
            return JsonResponse({"detail": detail}, status=415)
        return HttpResponse(detail, status=415, content_type="text/plain; charset=utf-8")


def refuse_unreadable(request: HttpRequest) -> None:
    """Refuse what Django would take for a form in which everything is empty.

    Args:
        request: One that is not JSON.

    Raises:
        UnreadableBody: Django reads no form from it.
    """
    is_form = request.content_type in _FORMS
    # Who wants JSON and sends nothing has forgotten it, and does not want all to be empty.
    if request.method != "POST" or (not is_form and (request.body or wants_json(request))):
        raise UnreadableBody
