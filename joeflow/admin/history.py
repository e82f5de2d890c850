"""The history of workflows in the admin, where django-reversion is used."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from joeflow.admin.forms import BUSY
from joeflow.clock import DatabaseNow
from joeflow.contrib.reversion import register_workflow, version_admin, versioned_key
from joeflow.exceptions import InstanceLocked
from joeflow.keys import read_key
from joeflow.models import Task, Workflow
from joeflow.transitions import transition

__all__ = ("HistoryAdmin",)

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

_VersionAdmin: Any = version_admin()


class PlainAdmin(ModelAdmin):
    """Base of the admin of workflows without a history."""


class VersionedAdmin(_VersionAdmin or object):  # type: ignore[misc]
    """Base of the admin of workflows with a history; goes back only under an instance's lock."""

    def __init__(self, model: Any, admin_site: Any) -> None:
        """Register the workflow, before the base class would register its tasks with it."""
        register_workflow(model)
        super().__init__(model, admin_site)

    def create_revision(self, request: HttpRequest) -> AbstractContextManager[None]:
        """Open a revision; not for a page that only shows something.

        A revision is a transaction, and on SQLite that waits until nobody else writes.
        """
        goes_back = getattr(request, "joeflow_goes_back", False)
        if request.method in {"GET", "HEAD"} and not goes_back:
            return nullcontext()
        revision: AbstractContextManager[None] = super().create_revision(request)
        return revision

    def revision_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show a version of an instance, or go back to it.

        Raises:
            Http404: It is no version of this instance.
        """
        key = versioned_key(self.model, version_id)
        if key != read_key(unquote(object_id)):
            raise Http404
        show = partial(super().revision_view, request, object_id, version_id, extra_context)
        return self._in_transition(request, key, show)

    def recover_view(
        self, request: HttpRequest, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show a version of a deleted instance, or bring that back.

        Raises:
            Http404: It is no version of this workflow class.
        """
        show = partial(super().recover_view, request, version_id, extra_context)
        return self._in_transition(request, versioned_key(self.model, version_id), show)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show the versions of an instance.

        Raises:
            Http404: No instance can have this key.
        """
        if read_key(unquote(object_id)) is None:
            raise Http404
        history: HttpResponse = super().history_view(request, object_id, extra_context)
        return history

    def _in_transition(
        self, request: HttpRequest, key: int | None, show: Callable[[], HttpResponse]
    ) -> HttpResponse:
        """Lock the instance: django-reversion writes a version even to show it.

        And it takes a version of anything for one of this class, with the permissions of this one.
        """
        if key is None:
            raise Http404
        request.joeflow_goes_back = True  # type: ignore[attr-defined]
        try:
            with transition(Task, key) as current:
                return _keep_ended(key, current.using, show)
        except InstanceLocked:
            self.message_user(request, BUSY, messages.ERROR)
            name = f"{self.opts.app_label}_{self.opts.model_name}_changelist"
            return redirect(f"{self.admin_site.name}:{name}")


def _keep_ended(workflow_pk: int, using: str, show: Callable[[], HttpResponse]) -> HttpResponse:
    """Keep what the tasks say, and no version knows: whether the instance has ended."""
    rows = Workflow._base_manager.using(using).filter(pk=workflow_pk)
    before = rows.values_list("_ended").first()
    response = show()
    # An instance that was deleted comes back without its tasks.
    rows.update(_ended=before[0] if before else DatabaseNow())
    return response


if TYPE_CHECKING:
    HistoryAdmin = PlainAdmin
else:
    HistoryAdmin = PlainAdmin if _VersionAdmin is None else VersionedAdmin
