"""Which bodies a form can be read from: what cannot be read must not count as empty."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

__all__ = ("UnreadableBody", "refuse_unreadable")

_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


class UnreadableBody(Exception):
    """Nobody can read a form from this request."""

    def get_response(self) -> HttpResponse:
        """Return an answer that says what could be read."""
        detail = _("Nothing was changed: send a form with POST, or JSON with POST or PUT.")
        return HttpResponse(detail, status=415, content_type="text/plain; charset=utf-8")


def refuse_unreadable(request: HttpRequest) -> None:
    """Refuse what Django would take for a form in which everything is empty.

    Args:
        request: One that is not JSON.

    Raises:
        UnreadableBody: Django reads no form from it.
    """
    if request.method != "POST" or (request.content_type not in _FORMS and request.body):
        raise UnreadableBody
