"""Django's Tasks framework carries the tasks: message in, engine call, message out."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db.backends.signals import connection_created
from django.utils import timezone

from joeflow import engine
from joeflow.conf import settings
from joeflow.exceptions import MissingExtra, TimeLimitExceeded
from joeflow.recovery import sweep

try:
    from django.tasks import default_task_backend, task, task_backends
except ImportError:
    try:
        from django_tasks import (  # type: ignore[assignment,no-redef]
            default_task_backend,
            task,
            task_backends,
        )
    except ImportError as error:
        raise MissingExtra(
            "The runner for Django Tasks needs Django 6 or the backport. "
            'Install it with: pip install "joeflow[tasks]"'
        ) from error

__all__ = ("task_runner",)


def task_runner(
    *,
    task_pk: int,
    workflow_pk: int,
    countdown: float | None = None,
    eta: datetime | None = None,
) -> Any:
    """Send a message for a due machine task.

    Args:
        task_pk: Key of the task.
        workflow_pk: Key of its instance.
        countdown: Seconds until it is due.
        eta: Instant at which it is due.

    Returns:
        The framework's result; None where the backend cannot wait for an instant: the recovery
        hands the task out then.
    """
    if countdown:
        eta = timezone.now() + timedelta(seconds=countdown)
    sower.sow()
    return _enqueue(_run_task, eta, task_pk, workflow_pk)


def _enqueue(message: Any, eta: datetime | None, *args: int) -> Any:
    if eta is not None and not default_task_backend.supports_defer:
        return None
    if eta is not None and timezone.is_naive(eta) and settings.USE_TZ:
        eta = timezone.make_aware(eta)
    return message.using(queue_name=_queue_name(), run_after=eta).enqueue(*args)


def _queue_name() -> str:
    return settings.JOEFLOW_TASK_QUEUE_NAME or "default"


@task()
def _run_task(task_pk: int, workflow_pk: int, bounces: int = 0, errors: int = 0) -> None:
    sower.sow()
    limit = settings.JOEFLOW_TIME_LIMIT
    with _time_limit(limit):
        # The limit counts for the whole message, so that gets one task alone.
        again = engine.run(task_pk, workflow_pk, bounces=bounces, errors=errors, stay=limit is None)
    if again is not None:
        eta = timezone.now() + timedelta(seconds=again.delay)
        _enqueue(_run_task, eta, task_pk, workflow_pk, again.bounces, again.errors)


@contextmanager
def _time_limit(seconds: float | None) -> Iterator[None]:
    """Raise in the code below when its time is over, which a main thread alone can do on Unix."""
    can_interrupt = threading.current_thread() is threading.main_thread()
    if seconds is None or not can_interrupt or not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(*_: Any) -> None:
        raise TimeLimitExceeded(f"The task ran for longer than {seconds} seconds.")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@task()
def _sweep() -> None:
    sower.sow(force=True)  # first, so that the next one comes whatever happens to this one
    sower.clean_up()
    sweep()


class _Sower:
    """Sees to it that a sweep waits in the queue: one, which puts the next one there when it runs.

    Only the database backend can be asked what waits in it. With others, and for a project that
    wants it apart, ``manage.py dispatch_tasks --loop`` sweeps.
    """

    def __init__(self) -> None:
        self._next_look = 0.0

    def sow(self, *, force: bool = False) -> None:
        """Put a sweep in the queue if none waits there; looks only now and then.

        Args:
            force: Look in any case.
        """
        if not force and time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + settings.JOEFLOW_SWEEP_SECONDS
        sweeps = self._sweeps()
        if sweeps is not None and not sweeps.filter(status="READY").exists():
            eta = timezone.now() + timedelta(seconds=settings.JOEFLOW_SWEEP_SECONDS)
            _enqueue(_sweep, eta)

    def clean_up(self) -> None:
        """Remove the results of earlier sweeps, which would pile up and which nobody looks at.

        Only a worker does this: in a table that nobody prunes, it takes its time.
        """
        sweeps = self._sweeps()
        if sweeps is not None:
            sweeps.successful().delete()

    def _sweeps(self) -> Any:
        lineage = type(task_backends["default"]).__mro__
        modules = {backend.__module__ for backend in lineage}
        if not apps.is_installed("django_tasks_db") or "django_tasks_db.backend" not in modules:
            return None
        results: Any = apps.get_model("django_tasks_database", "DBTaskResult")
        return results._default_manager.filter(task_path=_sweep.module_path)


sower = _Sower()


def _sow_at_start(**_: Any) -> None:
    """Sow as soon as the worker has a connection: it may be the only one who ever does."""
    connection_created.disconnect(_sow_at_start)
    sower.sow()


# The worker has no hook of its own.
if "db_worker" in sys.argv:
    connection_created.connect(_sow_at_start)


def check() -> list[CheckMessage]:
    """Find a queue that no backend serves."""
    queues = getattr(default_task_backend, "queues", None)
    if not queues or _queue_name() in queues:
        return []
    return [
        Error(
            f"joeflow's queue {_queue_name()!r} is not among the queues of the task backend: "
            f"{', '.join(sorted(queues))}.",
            hint='Add it to TASKS["default"]["QUEUES"], or set JOEFLOW_TASK_QUEUE_NAME.',
            id="joeflow.E015",
        )
    ]
