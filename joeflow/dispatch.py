"""Hand the keys of due tasks to the runner, surviving a broker that is down or silent.

A message is only a hint. When it cannot be sent, nothing is lost: the recovery finds the row.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue
from typing import Any, TypeVar

from django.utils.module_loading import import_string

from joeflow.conf import settings

__all__ = (
    "Breaker",
    "Delivery",
    "broker_is_down",
    "hand_out",
    "mark_as_node_error",
    "within_deadline",
)

logger = logging.getLogger(__name__)

#: How long a broker may take to accept a message.
PUBLISH_SECONDS = 1.5
#: How long a process leaves a broker alone after it has failed.
PAUSE_SECONDS = 5.0

Result = TypeVar("Result")


@dataclass
class Delivery:
    """One message for the runner.

    Args:
        task_pk: Key of the task.
        workflow_pk: Key of its instance.
        countdown: Seconds until it is due.
        eta: Instant at which it is due.
        sent: Whether the runner took it.
        result: What the runner returned for it.
    """

    task_pk: int
    workflow_pk: int
    countdown: float | None = None
    eta: datetime | None = None
    sent: bool = False
    result: Any = None

    @property
    def is_later(self) -> bool:
        """Whether it is not due yet."""
        return bool(self.countdown or self.eta)


class Breaker:
    """Remembers for a while that a server did not take a message.

    Args:
        seconds: How long this process then leaves it alone.
    """

    def __init__(self, seconds: float) -> None:
        """Know of no failure."""
        self.seconds = seconds
        self.open_until = 0.0

    def is_open(self) -> bool:
        """Tell whether nobody should try it now."""
        return time.monotonic() < self.open_until

    def open(self) -> None:
        """Remember a failure."""
        self.open_until = time.monotonic() + self.seconds

    def reset(self) -> None:
        """Forget a failure."""
        self.open_until = 0.0


breaker = Breaker(PAUSE_SECONDS)


class _Line(threading.local):
    """The deliveries of this thread: an eager runner runs a task, which has deliveries again."""

    def __init__(self) -> None:
        self.waiting: deque[Delivery] = deque()
        self.busy = False


_line = _Line()


def broker_is_down() -> bool:
    """Tell whether the broker failed in the last seconds, so that nobody should try it now."""
    return breaker.is_open()


def hand_out(deliveries: Iterable[Delivery]) -> None:
    """Give tasks to the runner that the settings name, one after the other.

    What cannot be sent stays in the database, where the recovery finds it.

    Raises:
        Exception: What a node raised, where the runner is eager and lets it through.
    """
    _line.waiting.extend(deliveries)
    if _line.busy:
        return  # an eager runner is at work below us; the outermost call goes on with the rest
    _line.busy = True
    try:
        _work_off(_line.waiting)
    finally:
        _line.waiting.clear()
        _line.busy = False


def _work_off(waiting: deque[Delivery]) -> None:
    node_error: BaseException | None = None
    while waiting and not breaker.is_open():
        delivery = waiting.popleft()
        try:
            _deliver(delivery)
        except Exception as error:
            if _is_node_error(error):
                node_error = node_error or error
                continue
            breaker.open()
            logger.exception(
                "event=hand_out_failed task=%s workflow=%s waiting=%s",
                delivery.task_pk,
                delivery.workflow_pk,
                len(waiting),
            )
    if node_error is not None:
        raise node_error


def _deliver(delivery: Delivery) -> None:
    runner = import_string(settings.JOEFLOW_TASK_RUNNER)
    delivery.result = runner(
        task_pk=delivery.task_pk,
        workflow_pk=delivery.workflow_pk,
        countdown=delivery.countdown,
        eta=delivery.eta,
    )
    delivery.sent = True


def mark_as_node_error(error: BaseException) -> None:
    """Mark what a node raised, so that an eager runner's caller does not blame the broker."""
    error.__dict__["_joeflow_node_error"] = True


def _is_node_error(error: BaseException) -> bool:
    return bool(getattr(error, "_joeflow_node_error", False))


class _Publisher:
    """A thread that talks to a server, so that whoever waits for it can stop waiting."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self.thread = threading.Thread(target=self._work, name="joeflow-publisher", daemon=True)
        self.thread.start()

    def submit(self, function: Callable[[], Result]) -> Future[Result]:
        future: Future[Result] = Future()
        self.jobs.put((function, future))
        return future

    def _work(self) -> None:
        while (job := self.jobs.get()) is not None:
            function, future = job
            if not future.set_running_or_notify_cancel():
                continue  # nobody waits for it any more
            try:
                future.set_result(function())
            except BaseException as error:  # noqa: BLE001 - the thread must outlive them all
                future.set_exception(error)


_publishers: dict[str, _Publisher] = {}
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_publishers.clear)  # threads do not survive a fork


def within_deadline(
    function: Callable[[], Result], seconds: float | None = None, server: str = "broker"
) -> Result:
    """Run what talks to a server, and wait for it no longer than a person would.

    Clients wait for ever for a server that accepts a connection and says nothing. A thread of our
    own makes the promise hold whatever timeouts the client has.

    Args:
        function: Sends one message.
        seconds: How long to wait; by default as long as for a broker.
        server: Whom it talks to; a slow one delays nobody who talks to another.

    Returns:
        What the function returns.

    Raises:
        TimeoutError: The server did not answer in time. The function may still be at work.
    """
    future = (_publishers.get(server) or _new_publisher(server)).submit(function)
    try:
        return future.result(timeout=PUBLISH_SECONDS if seconds is None else seconds)
    except TimeoutError:
        if not future.cancel() and not future.done():
            stuck = _publishers.pop(server, None)  # the next message gets a new thread
            if stuck is not None:
                stuck.jobs.put(None)  # should it come back, it has nothing to do any more
        raise


def _new_publisher(server: str) -> _Publisher:
    _publishers[server] = publisher = _Publisher()
    return publisher
