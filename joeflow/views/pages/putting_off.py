"""What somebody has put off is brought back."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from joeflow.graph import words
from joeflow.views.pages.sharing import SharingView

__all__ = ("BringBackView",)


class BringBackView(SharingView):
    """Puts a task that was put off back into the inboxes."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Bring it back, or say why that cannot be."""
        task = self.get_task()
        problem = self.act(task, partial(task.snooze, None, by=request.user))
        if problem:
            return self.go_back(problems=[problem])
        return self.go_back(_("“{name}” is back.").format(name=words(task.name)))
