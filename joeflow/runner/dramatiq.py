"""Dramatiq carries the tasks."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Any

from django.db import close_old_connections, connections

from joeflow.conf import settings
from joeflow.dispatch import within_deadline
from joeflow.exceptions import MissingExtra
from joeflow.recovery import sweep
from joeflow.runner import carry_out, get_queue_name, seconds_until

try:
    import dramatiq
    from dramatiq.brokers.stub import StubBroker
    from dramatiq.middleware import Shutdown, TimeLimitExceeded
except ImportError as error:
    raise MissingExtra(
        'Dramatiq is not installed. Install it with: pip install "joeflow[dramatiq]"'
    ) from error

__all__ = ("task_runner",)

logger = logging.getLogger("joeflow")

#: How long a worker that shuts down waits for its sweep to end.
SECONDS_TO_STOP = 5


def task_runner(
    *,
    task_pk: int,
    workflow_pk: int,
    countdown: float | None = None,
    eta: datetime | None = None,
    **counts: int,
) -> Any:
    """Send a message that lets a Dramatiq worker run a task.

    Args:
        task_pk: Key of the task.
        workflow_pk: Key of its instance.
        countdown: Seconds until it is due.
        eta: Instant at which it is due.
        counts: How often the message came back, and why.

    Returns:
        Dramatiq's message.
    """
    options: dict[str, Any] = {}
    if settings.JOEFLOW_TIME_LIMIT:
        options["time_limit"] = int(settings.JOEFLOW_TIME_LIMIT * 1000)
    delay = int(seconds_until(countdown, eta) * 1000)

    def publish() -> Any:
        return _dramatiq_task_runner.send_with_options(
            args=(task_pk, workflow_pk), kwargs=counts, delay=delay or None, **options
        )

    def publish_elsewhere() -> Any:
        try:
            return publish()
        finally:
            close_old_connections()  # there are middlewares that write to the database

    if isinstance(_dramatiq_task_runner.broker, StubBroker):
        return publish()
    return within_deadline(publish_elsewhere)


class _CurrentMessage(threading.local):
    redelivered = False


_current = _CurrentMessage()


class Recovery(dramatiq.Middleware):
    """Finds what got lost, in a thread of each worker process that serves joeflow's queue."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def after_worker_boot(self, broker: Any, worker: Any) -> None:
        """Start the thread."""
        served = worker.consumer_whitelist
        if served and _dramatiq_task_runner.queue_name not in served:
            return
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._sweep, args=(self._stop,), name="joeflow-recovery", daemon=True
        )
        self._thread.start()

    def before_worker_shutdown(self, broker: Any, worker: Any) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=SECONDS_TO_STOP)

    def before_process_message(self, broker: Any, message: Any) -> None:
        """Note what RabbitMQ says about the message, which its actor cannot see."""
        _current.redelivered = bool(getattr(message, "redelivered", False))

    @staticmethod
    def _sweep(stop: threading.Event) -> None:
        while not stop.wait(settings.JOEFLOW_SWEEP_SECONDS):
            close_old_connections()
            try:
                sweep()
            except Exception:
                logger.exception("event=sweep_failed")
            finally:
                close_old_connections()
        connections.close_all()


def _is_interrupted(_retries: int, error: BaseException) -> bool:
    """Tell whether the worker was shut down: alone then, a message comes back as it is."""
    return isinstance(error, Shutdown)


def _actor_options(broker: Any) -> dict[str, Any]:
    wanted = {
        "max_retries": 0,
        "retry_when": _is_interrupted,
        "min_backoff": 1000,
        # In place of Dramatiq's ten minutes.
        "time_limit": float("inf"),
    }
    # A broker knows only the options that its middlewares bring.
    return {name: value for name, value in wanted.items() if name in broker.actor_options}


dramatiq.get_broker().add_middleware(Recovery())


# The name and the arguments are those of joeflow 2.x, whose messages are still understood.
@dramatiq.actor(
    actor_name="_dramatiq_task_runner",
    queue_name=get_queue_name(),
    **_actor_options(dramatiq.get_broker()),
)
def _dramatiq_task_runner(task_pk: int, workflow_pk: int, **counts: int) -> None:
    close_old_connections()
    try:
        carry_out(
            task_pk,
            workflow_pk,
            send_again=task_runner,
            redelivered=_current.redelivered,
            # A limit is meant for one task: then there is one task per message.
            stay=not settings.JOEFLOW_TIME_LIMIT,
            failures=(Exception, TimeLimitExceeded),
            **counts,
        )
    finally:
        close_old_connections()
