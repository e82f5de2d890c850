"""Celery carries the tasks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from joeflow.conf import settings
from joeflow.dispatch import within_deadline
from joeflow.exceptions import MissingExtra
from joeflow.recovery import sweep
from joeflow.runner import carry_out, get_queue_name, seconds_until

try:
    from celery import shared_task
    from celery.signals import celeryd_init, worker_ready
except ImportError as error:
    raise MissingExtra(
        'Celery is not installed. Install it with: pip install "joeflow[celery]"'
    ) from error

__all__ = ("task_runner",)

logger = logging.getLogger("joeflow")

#: A broker that is down is tried a second time, and then left to the recovery.
RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
#: So many seconds after JOEFLOW_TIME_LIMIT, a node that held on is killed with its process.
SECONDS_TO_END = 10

# What this worker's command line says; tasks don't see it.
_worker_limits: list[float] = []


def task_runner(
    *,
    task_pk: int,
    workflow_pk: int,
    countdown: float | None = None,
    eta: datetime | None = None,
    **counts: int,
) -> Any:
    """Send a message that lets a Celery worker run a task.

    Args:
        task_pk: Key of the task.
        workflow_pk: Key of its instance.
        countdown: Seconds until it is due.
        eta: Instant at which it is due.
        counts: How often the message came back, and why.

    Returns:
        Celery's result; None where Celery is eager and the task is not due.
    """
    delay = seconds_until(countdown, eta)
    eager = _celery_task_runner.app.conf.task_always_eager
    if eager and delay:
        return None

    def publish() -> Any:
        return _celery_task_runner.apply_async(
            args=(task_pk, workflow_pk),
            kwargs=counts,
            countdown=delay or None,
            queue=get_queue_name(),
            retry_policy=RETRY_POLICY,
            **_time_limits(),
        )

    return publish() if eager else within_deadline(publish)


def _time_limits() -> dict[str, float]:
    limit = settings.JOEFLOW_TIME_LIMIT
    return {"soft_time_limit": limit, "time_limit": limit + SECONDS_TO_END} if limit else {}


# The name and the arguments are those of joeflow 2.x, whose messages are still understood.
@shared_task(  # type: ignore[untyped-decorator, unused-ignore]
    name="joeflow.runner.celery._celery_task_runner",
    bind=True,
    acks_late=True,
    reject_on_worker_lost=True,
    ignore_result=True,
)
def _celery_task_runner(self: Any, task_pk: int, workflow_pk: int, **counts: int) -> None:
    request = self.request
    limits = [*_worker_limits, *(request.timelimit or ()), self.time_limit, self.soft_time_limit]
    carry_out(
        task_pk,
        workflow_pk,
        send_again=None if request.is_eager else task_runner,
        redelivered=bool((request.delivery_info or {}).get("redelivered")),
        # A limit is meant for one task: then there is one task per message.
        stay=not any(limits),
        **counts,
    )


@shared_task(  # type: ignore[untyped-decorator, unused-ignore]
    name="joeflow.runner.celery._sweep", ignore_result=True
)
def _sweep() -> None:
    sweep()


@celeryd_init.connect  # type: ignore[untyped-decorator, unused-ignore]
def _set_up_worker(instance: Any, options: dict[str, Any], **_: Any) -> None:
    """Let a worker that was started without -Q serve our queue, too."""
    limits = (options.get("time_limit"), options.get("soft_time_limit"))
    _worker_limits[:] = [limit for limit in limits if limit]
    queues = instance.app.amqp.queues
    if not options.get("queues"):
        try:
            queues.select_add(queues[get_queue_name()])
        except KeyError:  # the project wants to define all its queues itself
            logger.warning("event=queue_not_defined queue=%s", get_queue_name())


@worker_ready.connect  # type: ignore[untyped-decorator, unused-ignore]
def _sweep_regularly(sender: Any, **_: Any) -> None:
    seconds = settings.JOEFLOW_SWEEP_SECONDS
    sender.timer.call_repeatedly(seconds, _send_sweep, (sender.app.amqp.queues, seconds))


def _send_sweep(queues: Any, seconds: float) -> None:
    """Ask for a sweep; it is not done here, since this is the event loop of the worker's parent."""
    queue_name = get_queue_name()
    if queue_name not in queues.consume_from:
        return
    publish: Callable[[], Any] = lambda: _sweep.apply_async(  # noqa: E731
        queue=queue_name, expires=seconds, retry_policy=RETRY_POLICY
    )
    try:
        within_deadline(publish)
    except Exception as error:  # noqa: BLE001 - a broker that is down; the next one may arrive
        logger.warning("event=sweep_not_sent error=%s", error)
