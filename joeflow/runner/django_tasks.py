"""Django's Tasks framework carries the tasks, with any backend."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.core.cache import cache
from django.core.checks import CheckMessage, Error
from django.db import connections
from django.utils import timezone

from joeflow.conf import settings
from joeflow.exceptions import JoeflowError, MissingExtra
from joeflow.recovery import sweep
from joeflow.runner import carry_out, seconds_until

try:
    from django import tasks
except ImportError:
    try:
        import django_tasks as tasks  # type: ignore[no-redef, unused-ignore]
    except ImportError as error:
        raise MissingExtra(
            "This version of Django has no Tasks framework, and django-tasks is not installed. "
            'Install it with: pip install "joeflow[tasks]"'
        ) from error

__all__ = ("check", "task_runner")

logger = logging.getLogger("joeflow")

_task: Any = tasks.task
_task_backends: Any = tasks.task_backends


class TimeLimitExceeded(JoeflowError):
    """The task ran longer than ``JOEFLOW_TIME_LIMIT``."""


def task_runner(
    *,
    task_pk: int,
    workflow_pk: int,
    countdown: float | None = None,
    eta: datetime | None = None,
    **counts: int,
) -> Any:
    """Enqueue a task that runs a task of a workflow.

    Args:
        task_pk: Key of the workflow's task.
        workflow_pk: Key of its instance.
        countdown: Seconds until it is due.
        eta: Instant at which it is due.
        counts: How often it came back, and why.

    Returns:
        The result of Django's task; None where it is not due and the backend cannot wait.
    """
    target = _on_backend(_django_tasks_task_runner)
    delay = seconds_until(countdown, eta)
    if delay and not target.get_backend().supports_defer:
        return None
    if delay:
        target = target.using(run_after=timezone.now() + timedelta(seconds=delay))
    result = target.enqueue(task_pk, workflow_pk, **counts)
    _sow(result)
    return result


def check() -> list[CheckMessage]:
    """Check that a backend serves the queue."""
    if _find_backend() is not None:
        return []
    served = sorted({name for backend in _task_backends.all() for name in backend.queues})
    return [
        Error(
            f"No backend in TASKS serves the queue {_queue_name()!r}, in which joeflow puts "
            f"machine tasks.",
            hint=f"Add it to the QUEUES of a backend, or set JOEFLOW_TASK_QUEUE_NAME to one of: "
            f"{', '.join(served)}.",
            id="joeflow.E015",
        )
    ]


def _queue_name() -> str:
    return str(settings.JOEFLOW_TASK_QUEUE_NAME or "default")


def _find_backend() -> str | None:
    """Return the alias of a backend that serves the queue, the default one if it does."""
    aliases = sorted(_task_backends, key=lambda alias: (alias != "default", alias))
    serving = (
        alias
        for alias in aliases
        if not _task_backends[alias].queues or _queue_name() in _task_backends[alias].queues
    )
    return next(serving, None)


def _on_backend(target: Any) -> Any:
    return target.using(queue_name=_queue_name(), backend=_find_backend())


def _declaration() -> dict[str, str]:
    """Return a backend and a queue that can be declared; where ours is not served, a check says."""
    alias = _find_backend()
    if alias is not None:
        return {"backend": alias, "queue_name": _queue_name()}
    return {"queue_name": min(_task_backends["default"].queues)}


@_task(**_declaration())  # type: ignore[untyped-decorator, unused-ignore]
def _django_tasks_task_runner(task_pk: int, workflow_pk: int, **counts: int) -> None:
    limit = settings.JOEFLOW_TIME_LIMIT
    try:
        with _time_limit(limit):
            # A limit is meant for one task: then there is one task per message.
            carry_out(task_pk, workflow_pk, send_again=task_runner, stay=not limit, **counts)
    except BaseException:
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()
        raise


@contextmanager
def _time_limit(seconds: float | None) -> Iterator[None]:
    """Interrupt what runs for too long; that takes a signal, so it is done in main threads only."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not seconds or not in_main_thread or not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(*_: Any) -> NoReturn:
        raise TimeLimitExceeded(
            f"The task ran longer than the {seconds} seconds of JOEFLOW_TIME_LIMIT."
        )

    previous = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


class _Sower:
    """Remembers when this process last made sure that a sweep waits in the queue."""

    next_look = 0.0


def _sow(result: Any) -> None:
    """See to it that a sweep waits in the queue; looks at most once between two sweeps.

    Args:
        result: What the backend returned for another task: it knows its table.
    """
    if time.monotonic() < _Sower.next_look:
        return
    _Sower.next_look = time.monotonic() + settings.JOEFLOW_SWEEP_SECONDS
    try:
        _put_back(result)
    except Exception:
        logger.exception("event=sweep_not_enqueued")


def _put_back(result: Any, previous: str | None = None) -> None:
    target = _on_backend(_sweep)
    if target.get_backend().supports_defer and not _is_waiting(result):
        run_after = timezone.now() + timedelta(seconds=settings.JOEFLOW_SWEEP_SECONDS)
        target.using(run_after=run_after).enqueue(previous)


def _is_waiting(result: Any) -> bool:
    """Tell whether a sweep waits; one that runs does not count, its worker may have been killed."""
    rows = _rows(result)
    if rows is not None:
        return bool(rows.filter(task_path=_sweep.module_path, status="READY").exists())
    # Other backends cannot be asked: at most one sweep in this time, for all who share the cache.
    return not cache.add("joeflow-sweep", "waiting", timeout=0.9 * settings.JOEFLOW_SWEEP_SECONDS)


def _rows(result: Any) -> Any:
    """Return the table of django-tasks-db, or None with another backend."""
    return type(result.db_result).objects.all() if hasattr(result, "db_result") else None


@_task(  # type: ignore[untyped-decorator, unused-ignore]
    takes_context=True, **_declaration()
)
def _sweep(context: Any, previous: str | None = None) -> None:
    result = context.task_result
    # First of all, so that the next one comes even if this worker is killed.
    _put_back(result, previous=result.id)
    rows = _rows(result)
    if rows is not None and previous:
        # Nobody wants to keep thousands of rows a day that say "swept".
        rows.filter(pk=previous, status="SUCCESSFUL").delete()
    sweep()
