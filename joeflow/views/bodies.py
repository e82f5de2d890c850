"""Which bodies a form can be read from: what cannot be read must not count as empty."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

__all__ = ("UnreadableBody", "refuse_unreadable")

_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


class UnreadableBody(Exception):
    """Nobody can read a form from this request.

    Args:
        status: Of the answer.
        detail: What to do about it.
    """

    def __init__(self, status: int, detail: str) -> None:
        """Keep both for the answer."""
        super().__init__(detail)
        self.status = status

    def get_response(self) -> HttpResponse:
        """Return the answer."""
        return HttpResponse(str(self), status=self.status, content_type="text/plain")


def refuse_unreadable(request: HttpRequest) -> None:
    """Refuse what Django would take for a form in which everything is empty.

    Args:
        request: One that is not JSON.

    Raises:
        UnreadableBody: Django reads no form from it.
    """
    if request.method != "POST":
        raise UnreadableBody(405, _("Send a form with POST."))
    if request.content_type not in _FORMS and request.body:
        raise UnreadableBody(
            415, _("This content cannot be read. Send a form, or JSON as application/json.")
        )
