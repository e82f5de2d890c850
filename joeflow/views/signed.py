"""The form of a task for whoever comes with a signed link, without a login."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import router
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from joeflow.access import is_for, with_people
from joeflow.content_types import workflow_class
from joeflow.graph import words
from joeflow.models import Task
from joeflow.signed import Pass, read_token
from joeflow.views.api import json

__all__ = ("for_signed_links",)


def for_signed_links(
    view: Callable[..., HttpResponse], node: Any, model: Any
) -> Callable[..., HttpResponse]:
    """Return a view that is given a token instead of a key, and asks for no login.

    Args:
        view: The view of the task, which is given its key.
        node: The node.
        model: The workflow class.
    """

    @login_not_required
    @wraps(view)
    def signed(request: HttpRequest, token: str) -> HttpResponse:
        given = read_token(token)
        user = _find_user(given)
        task = _find_task(given, node, model, user)
        if user is None or task is None:
            response = _answer_worthless(request)
        else:
            request.user = user
            response = view(request, pk=task.pk)
            goes_on = json.is_redirect(response) and response["Location"] != request.get_full_path()
            if request.method == "POST" and goes_on:
                response = _answer_done(request, task)
        # Neither the next page nor a cache shall learn the address.
        response["Referrer-Policy"] = "same-origin"
        add_never_cache_headers(response)
        return response

    return signed


def _find_user(given: Pass | None) -> Any:
    if given is None:
        return None
    users = get_user_model()._default_manager
    try:
        user = users.filter(pk=given.user_pk).first()
    except (ValueError, ValidationError):  # keys were of another kind when the link was made
        return None
    return user if given.is_of(user) else None


def _find_task(given: Pass | None, node: Any, model: Any, user: Any) -> Any:
    """Return the task of a link; None where it is not this person's any more."""
    if given is None or user is None:
        return None
    using = router.db_for_write(Task)
    tasks = Task.objects.using(using).filter(pk=given.task_pk, name=node.name)
    task = with_people(tasks, user).order_by().first()
    if task is None or workflow_class(task.content_type_id, using) is not model:
        return None
    is_open = task.completed is None
    # Whoever may do what is somebody else's has a login for that.
    return None if is_open and not is_for(task, user, node) else task


def _answer_worthless(request: HttpRequest) -> HttpResponse:
    if json.wants_json(request):
        return json.refuse(410, _("This link is not valid any more."))
    return render(request, "joeflow/link_expired.html", status=410)


def _answer_done(request: HttpRequest, task: Task) -> HttpResponse:
    return render(request, "joeflow/task_done.html", {"task_label": words(task.name)})
