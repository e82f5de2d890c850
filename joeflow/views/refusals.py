"""What becomes of somebody who may not do a task."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import AccessMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from joeflow.views.api.rest import is_rest

__all__ = ("refuse_person",)

_OPTIONS = ("login_url", "redirect_field_name", "raise_exception", "permission_denied_message")


def refuse_person(view: Any) -> HttpResponse:
    """Send whoever is not logged in to the login, as Django's ``AccessMixin`` does.

    Args:
        view: The view with its request and the options of ``AccessMixin``.

    Raises:
        PermissionDenied: Somebody is logged in, or nobody can.
    """
    if is_rest(view):
        view.permission_denied(view.request, message=view.permission_denied_message or None)
    if getattr(view.request, "user", None) is None:
        raise PermissionDenied  # a project without users
    if hasattr(view, "handle_no_permission"):  # of a mixin
        response: HttpResponse = view.handle_no_permission()
        return response
    mixin = AccessMixin()
    for name in _OPTIONS:
        setattr(mixin, name, getattr(view, name))
    mixin.request = view.request  # type: ignore[attr-defined]
    return mixin.handle_no_permission()
