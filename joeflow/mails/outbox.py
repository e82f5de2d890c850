"""Rows that stay until their mails have gone out.

A row is written in the transition, so that no mail is lost and none is sent for what was rolled
back. Whoever commits sends it; where that fails, sweeps do so later.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from joeflow.clock import DatabaseNow
from joeflow.dispatch import within_deadline
from joeflow.mails.people import keys_of
from joeflow.mails.post import Post, breaker
from joeflow.models import Event, get_workflows
from joeflow.transitions import Transition

__all__ = ("note", "send", "send_overdue", "sent_later")

logger = logging.getLogger("joeflow")

#: How long whoever commits waits for the mail server, for all mails together, in seconds.
WAIT_SECONDS = 1.0
#: How long a sweep waits for each row, and goes on with further ones, in seconds.
PATIENT_SECONDS = 5.0
#: How long a row is left to whoever sends it: longer than that takes.
LEASE = timedelta(minutes=3)


class _Commit:
    """How long somebody still waits for the mail server, for all rows of one commit."""

    def __init__(self) -> None:
        self._until: float | None = None

    @property
    def has_begun(self) -> bool:
        return self._until is not None

    def seconds_left(self) -> float:
        if self._until is None:
            self._until = time.monotonic() + WAIT_SECONDS
        return self._until - time.monotonic()


class _OfThread(threading.local):
    """What this thread will commit next in each database, and whether it sends mails then."""

    def __init__(self) -> None:
        self.commits: dict[str, _Commit] = {}
        self.is_later = False

    def commit(self, using: str) -> _Commit:
        """Return the one that is to come; one that was rolled back has not begun either."""
        commit = self.commits.get(using)
        if commit is None or commit.has_begun:
            commit = self.commits[using] = _Commit()
        return commit


_of_thread = _OfThread()


def note(current: Transition, task: Any, about: str, to: Iterable[Any] | None) -> None:
    """Note that people have to be told of a task, and tell them after the commit.

    Args:
        current: The open transition.
        task: The task.
        about: What has happened to it: the name of the mail's templates.
        to: The users and groups who have to be told; None: all whom it is for.
    """
    data: dict[str, Any] = {"about": about, "done": []}
    if to is not None:
        data["to"] = keys_of(to)
    row = Event._base_manager.using(current.using).create(
        _workflow_id=current.workflow_pk,
        task=task,
        kind=Event.MAILED,
        data=data,
        eta=DatabaseNow(),
    )
    commit = _of_thread.commit(current.using)
    current.afterwards(partial(_send_at_once, row.pk, current.using, commit))


def _send_at_once(pk: int, using: str, commit: _Commit) -> None:
    if not _of_thread.is_later and (seconds := commit.seconds_left()) > 0:
        send(pk, using, seconds)


@contextmanager
def sent_later() -> Iterator[None]:
    """Leave the mails of what this thread commits to `send_overdue`."""
    before, _of_thread.is_later = _of_thread.is_later, True
    try:
        yield
    finally:
        _of_thread.is_later = before


def send_overdue(using: str) -> None:
    """Send what could not be sent before, oldest first; it never raises.

    Args:
        using: Alias of the database.
    """
    if not _is_used():
        return
    until = time.monotonic() + PATIENT_SECONDS
    try:
        rows = Event._base_manager.using(using).filter(eta__lte=DatabaseNow())
        for pk in rows.order_by("eta", "pk").values_list("pk", flat=True)[:100]:
            if time.monotonic() > until:
                return
            send(pk, using, PATIENT_SECONDS)
    except Exception:
        logger.exception("event=mails_not_swept")


def _is_used() -> bool:
    nodes = (node for workflow in get_workflows() for _, node in workflow.get_nodes())
    return any(hasattr(node, "note_mail") for node in nodes)


def send(pk: int, using: str, seconds: float) -> None:
    """Send the mails of a row, unless somebody else does; it never raises.

    Args:
        pk: Key of the row.
        using: Alias of the database.
        seconds: How long to wait for the mail server. What takes longer goes on without us.
    """
    if breaker.is_open():
        return  # it stays due
    try:
        row = _take(pk, using)
        if row is not None:
            _send(Post(row, using), seconds)
    except Exception:
        logger.exception("event=mail_failed event_pk=%s", pk)


def _take(pk: int, using: str) -> Any:
    """Return a row that is due, which is then nobody else's for a while."""
    rows = Event._base_manager.using(using).filter(pk=pk, eta__lte=DatabaseNow())
    row = rows.select_related("task").annotate(now=DatabaseNow()).first()
    return row if row is not None and _lease(row, using) else None


def _lease(row: Any, using: str) -> bool:
    """Put off a row that is as it was read; False where somebody else has been faster."""
    rows = Event._base_manager.using(using).filter(pk=row.pk, eta=row.eta)
    return bool(rows.update(eta=DatabaseNow(LEASE)))


def _send(post: Post, seconds: float) -> None:
    post.write()
    if not post.messages:
        post.record()
        return
    try:
        within_deadline(post.send, seconds, "mail")
    except TimeoutError:
        if seconds > WAIT_SECONDS / 2:  # with less, others before it have used the time up
            breaker.open()
        post.leave_alone()
    else:
        post.record()
