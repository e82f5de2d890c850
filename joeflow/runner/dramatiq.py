"""Dramatiq carries the tasks: message in, engine call, message out."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Any

from django.db import close_old_connections, connections
from django.utils import timezone

from joeflow import engine
from joeflow.conf import settings
from joeflow.dispatch import within_deadline
from joeflow.exceptions import MissingExtra
from joeflow.recovery import sweep

try:
    import dramatiq
    from dramatiq.brokers.stub import StubBroker
    from dramatiq.middleware import Middleware, Shutdown, TimeLimitExceeded
except ImportError as error:
    raise MissingExtra(
        'The Dramatiq runner needs Dramatiq. Install it with: pip install "joeflow[dramatiq]"'
    ) from error

__all__ = ("task_runner",)

logger = logging.getLogger("joeflow")

#: Dramatiq ends an actor after ten minutes if it is not told otherwise; in milliseconds.
_NO_LIMIT = 365 * 24 * 3600 * 1000


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
        Dramatiq's message.
    """
    if eta is not None:
        now = timezone.now() if timezone.is_aware(eta) else datetime.now()  # noqa: DTZ005
        countdown = (eta - now).total_seconds()
    return _send(task_pk, workflow_pk, countdown)


def _send(task_pk: int, workflow_pk: int, countdown: float | None, **counts: int) -> Any:
    delay = max(0, round(countdown * 1000)) if countdown else None
    broker = _dramatiq_task_runner.broker
    limit = settings.JOEFLOW_TIME_LIMIT
    options = {} if limit is None else _known(broker, time_limit=limit * 1000)
    message = _dramatiq_task_runner.message_with_options(
        args=(task_pk, workflow_pk), kwargs=counts, **options
    )
    if isinstance(broker, StubBroker):
        return broker.enqueue(message, delay=delay)
    return within_deadline(lambda: _enqueue(broker, message, delay))


def _enqueue(broker: Any, message: Any, delay: int | None) -> Any:
    try:
        return broker.enqueue(message, delay=delay)
    finally:
        # Some middleware writes to the database, here in a thread that lives on.
        close_old_connections()


def _known(broker: Any, **options: Any) -> dict[str, Any]:
    """Return those options that the broker's middleware knows: what is not there limits nothing."""
    return {name: value for name, value in options.items() if name in broker.actor_options}


class _Received(threading.local):
    """What the broker says about the message that this thread works on."""

    again = False


_received = _Received()


class RecoveryMiddleware(Middleware):
    """Sweeps in a thread of each worker process that serves joeflow's queue."""

    def __init__(self) -> None:
        """Start nothing before the worker runs."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def after_worker_boot(self, broker: Any, worker: Any) -> None:
        """Start to sweep."""
        served = worker.consumer_whitelist  # what --queues names; all without it
        if served and _dramatiq_task_runner.queue_name not in served:
            return
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._work, args=(self._stop,), name="joeflow-recovery", daemon=True
        )
        self._thread.start()

    def before_worker_shutdown(self, broker: Any, worker: Any) -> None:
        """Stop to sweep."""
        self._stop.set()

    def before_process_message(self, broker: Any, message: Any) -> None:
        """Note what RabbitMQ tells: whether a worker had the message before and never came back."""
        _received.again = bool(getattr(message, "redelivered", False))

    def _work(self, stop: threading.Event) -> None:
        while not stop.wait(settings.JOEFLOW_SWEEP_SECONDS):
            try:
                sweep()
            except Exception:
                logger.exception("event=sweep_failed")
            finally:
                close_old_connections()
        connections.close_all()


def _was_shut_down(_retries: int, error: BaseException) -> bool:
    """Tell Dramatiq what it shall send again: what its own shutdown has interrupted, no more."""
    return isinstance(error, Shutdown)


_OPTIONS = {
    "max_retries": 0,
    "retry_when": _was_shut_down,
    "min_backoff": 1000,  # milliseconds
    "time_limit": _NO_LIMIT,
}

broker = dramatiq.get_broker()
broker.add_middleware(RecoveryMiddleware())


# The name and the first two arguments are those of joeflow 2.x, whose messages may still wait.
@dramatiq.actor(
    queue_name=settings.JOEFLOW_TASK_QUEUE_NAME or settings.JOEFLOW_CELERY_QUEUE_NAME,
    **_known(broker, **_OPTIONS),
)
def _dramatiq_task_runner(
    task_pk: int, workflow_pk: int, bounces: int = 0, errors: int = 0
) -> None:
    close_old_connections()
    again = engine.run(
        task_pk,
        workflow_pk,
        bounces=bounces,
        errors=errors,
        redelivered=_received.again,
        # The limit counts for the whole message, so that gets one task alone.
        stay=settings.JOEFLOW_TIME_LIMIT is None,
        failures=(Exception, TimeLimitExceeded),
    )
    if again is None:
        return
    try:
        _send(task_pk, workflow_pk, again.delay, bounces=again.bounces, errors=again.errors)
    except Exception:
        logger.exception("event=hand_out_failed task=%s workflow=%s", task_pk, workflow_pk)
