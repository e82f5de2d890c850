"""Tasks as views of Django REST framework, which finds out itself who asks, and after joeflow.

Nothing is imported from there: what is below is called by its views only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from joeflow.contrib.reversion import create_revision
from joeflow.exceptions import InstanceLocked

__all__ = ("Answered", "Passing", "RestTask", "is_rest")


class Passing(Exception):
    """Something that this view answers itself; the framework must not make an answer of it."""


class Answered(Passing):
    """There is an answer already, and nothing else of the request may stay.

    Args:
        response: The answer.
    """

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


def is_rest(view: Any) -> bool:
    """Tell whether a view is one of Django REST framework.

    Args:
        view: The view, or its class.
    """
    return hasattr(view, "perform_authentication")


class RestTask:
    """The part of a task's view that Django REST framework calls."""

    model: Any
    object: Any
    name: Any
    using: str
    request: HttpRequest
    next_task: Callable[[], None]

    #: What to say where the instance is busy, instead of doing anything.
    _busy_answer: HttpResponse | None = None
    _has_failed = False
    _has_asked = False

    def check_throttles(self, request: Any) -> None:
        """Ask whether this person may do the task: the last question before the view's method.

        Args:
            request: The request, of which the framework knows by now who sent it.

        Raises:
            Answered: Not in this way.
        """
        view: Any = self
        plain: Any = super()
        plain.check_throttles(request)
        refusal = view._refuse_stranger()
        if refusal is not None:
            raise Answered(refusal)
        view._refuse_closed()
        view._refuse_paused()
        if self._busy_answer is not None:
            raise Answered(self._busy_answer)
        self._has_asked = True

    def handle_exception(self, exc: Exception) -> HttpResponse:
        """Return the framework's answer to an error; nothing that was written before it stays.

        Args:
            exc: The error.
        """
        if isinstance(exc, (Passing, InstanceLocked, OperationalError)):
            raise exc
        plain: Any = super()
        response: HttpResponse = plain.handle_exception(exc)
        self._has_failed = True
        return response

    def _dispatch_rest(self, dispatch: Callable[[], HttpResponse]) -> HttpResponse:
        response = dispatch()
        if self._has_failed:
            raise Answered(response)
        if not self._has_asked:
            raise ImproperlyConfigured(
                f"{type(self).__name__} never asked joeflow who may do this. Let its initial() and "
                f"check_throttles() call super()."
            )
        return response

    def perform_create(self, serializer: Any) -> None:
        """Create the instance and go on; override it to add to what is saved.

        Args:
            serializer: The serializer, which is valid.
        """
        plain: Any = super()
        self._perform(plain.perform_create, serializer)

    def perform_update(self, serializer: Any) -> None:
        """Save the state, complete the task and go on; override it to add to what is saved.

        Args:
            serializer: The serializer, which is valid.
        """
        plain: Any = super()
        self._perform(plain.perform_update, serializer)

    def _perform(self, save: Callable[[Any], None], serializer: Any) -> None:
        with create_revision(self.name, user=self.request.user, using=self.using):
            save(serializer)
            self.object = self._as_own(serializer.instance)
            self.next_task()

    def _as_own(self, workflow: Any) -> Any:
        """Return an instance as one of its own class: a serializer may know the state alone."""
        if isinstance(workflow, self.model):
            return workflow
        return self.model._default_manager.using(self.using).get(pk=workflow.pk)
