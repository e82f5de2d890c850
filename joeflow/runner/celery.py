"""Celery carries the tasks: message in, engine call, message out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.checks import CheckMessage, Warning

from joeflow import engine
from joeflow.conf import settings
from joeflow.dispatch import within_deadline
from joeflow.exceptions import MissingExtra
from joeflow.recovery import sweep

try:
    from celery import current_app, shared_task
    from celery.signals import celeryd_init, worker_ready
except ImportError as error:
    raise MissingExtra(
        'The Celery runner needs Celery. Install it with: pip install "joeflow[celery]"'
    ) from error

__all__ = ("task_runner",)

logger = logging.getLogger("joeflow")

#: One quick second try: who waits for this is a person.
_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
#: The limits that this worker was given on its command line, which a task cannot see.
_limits_of_worker: list[float] = []


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
        Celery's result of the message.
    """
    return _send(_celery_task_runner, (task_pk, workflow_pk), countdown=countdown, eta=eta)


def _queue_name() -> str:
    return str(settings.JOEFLOW_TASK_QUEUE_NAME or settings.JOEFLOW_CELERY_QUEUE_NAME)


def _send(task: Any, args: tuple[int, ...] = (), **options: Any) -> Any:
    limit = settings.JOEFLOW_TIME_LIMIT
    if limit is not None:
        # The soft limit is raised in the node and recorded; the hard one is for what ignores it.
        options |= {"soft_time_limit": limit, "time_limit": limit + 10}
    if current_app.conf.task_always_eager:
        return task.apply_async(args, **options)
    options |= {"queue": _queue_name(), "retry_policy": _RETRY_POLICY}
    publish: Callable[[], Any] = lambda: task.apply_async(args, **options)  # noqa: E731
    return within_deadline(publish)


# The name and the first two arguments are those of joeflow 2.x, whose messages may still wait.
@shared_task(  # type: ignore[untyped-decorator]
    bind=True,
    name="joeflow.runner.celery._celery_task_runner",
    acks_late=True,
    reject_on_worker_lost=True,
    max_retries=None,
)
def _celery_task_runner(
    self: Any, task_pk: int, workflow_pk: int, bounces: int = 0, errors: int = 0
) -> None:
    again = engine.run(
        task_pk,
        workflow_pk,
        bounces=bounces,
        errors=errors,
        redelivered=bool((self.request.delivery_info or {}).get("redelivered")),
        stay=not _has_time_limit(self),
    )
    if again is None or self.request.is_eager:
        return
    counts = {"bounces": again.bounces, "errors": again.errors}
    try:
        _send(self, (task_pk, workflow_pk), kwargs=counts, countdown=again.delay)
    except Exception:
        logger.exception("event=hand_out_failed task=%s workflow=%s", task_pk, workflow_pk)


def _has_time_limit(task: Any) -> bool:
    limits = [*(task.request.timelimit or ()), task.time_limit, task.soft_time_limit]
    conf = task.app.conf
    return any([*limits, *_limits_of_worker, conf.task_time_limit, conf.task_soft_time_limit])


@shared_task(name="joeflow.runner.celery.sweep", ignore_result=True)  # type: ignore[untyped-decorator]
def _sweep() -> None:
    sweep()


@celeryd_init.connect  # type: ignore[untyped-decorator]
def _set_up_worker(instance: Any, options: dict[str, Any], **_: Any) -> None:
    """Let a worker that was started without -Q consume our queue too; -X can still exclude it."""
    limits = (options.get("time_limit"), options.get("soft_time_limit"))
    _limits_of_worker[:] = [limit for limit in limits if limit]
    if not options.get("queues"):
        queues = instance.app.amqp.queues
        # As the project declares it, or as Celery makes it for whoever sends the first message.
        queues.select_add(queues[_queue_name()])


@worker_ready.connect  # type: ignore[untyped-decorator]
def _sweep_now_and_then(sender: Any = None, **_: Any) -> None:
    """Let this worker send a message for each sweep; the sweep itself runs in a child."""
    if _queue_name() in sender.app.amqp.queues.consume_from:
        sender.timer.call_repeatedly(settings.JOEFLOW_SWEEP_SECONDS, _send_sweep)


def _send_sweep() -> None:
    try:
        _send(_sweep, expires=settings.JOEFLOW_SWEEP_SECONDS)
    except Exception as error:  # noqa: BLE001 - the next one may get through
        logger.warning("event=sweep_not_sent error=%r", error)


def check() -> list[CheckMessage]:
    """Return nothing: Celery makes a queue when it is asked for one."""
    return []


def check_deployment() -> list[CheckMessage]:
    """Warn where Celery opens a database connection for each message."""
    if current_app.conf.get("CELERY_DB_REUSE_MAX"):
        return []
    return [
        Warning(
            "Celery opens a new database connection for each message, since "
            "CELERY_DB_REUSE_MAX is not set; CONN_MAX_AGE means nothing to it.",
            hint="Set CELERY_DB_REUSE_MAX = 1000 where your Celery app is configured from.",
            id="joeflow.W019",
        )
    ]
