"""One transition of a worker: lock the instance, look what is due, run its node, record it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from django.db import Error, InterfaceError, OperationalError, connections
from django.db.models import F

from joeflow.clock import DatabaseNow
from joeflow.conf import settings
from joeflow.contrib.reversion import create_revision
from joeflow.dispatch import Delivery
from joeflow.escalations import Escalation
from joeflow.exceptions import InstanceLocked, JoeflowError, NeverCameBack
from joeflow.locks import cancel_statement, is_lock_not_available, load_locked
from joeflow.models import Task
from joeflow.returns import NOT_YET, read_result
from joeflow.signals import task_failed, task_succeeded
from joeflow.statements import DUE
from joeflow.successors import create_successors, is_near
from joeflow.tracebacks import describe_exception
from joeflow.transitions import Transition, transition

__all__ = ("Step", "record_failure")

logger = logging.getLogger("joeflow")


class Step:
    """Takes the due tasks of one instance, one per call of `take`.

    Args:
        model: The workflow class.
        workflow_pk: Key of the instance.
        using: Alias of the database.
        task_pk: Key of the task to take first.
        redelivered: A worker had the message before and never came back.
    """

    def __init__(
        self, model: Any, workflow_pk: int, using: str, task_pk: int, redelivered: bool
    ) -> None:
        """Take nothing yet."""
        self.model = model
        self.workflow_pk = workflow_pk
        self.using = using
        self.task_pk = task_pk
        self.redelivered = redelivered
        self.counted: set[int] = set()
        self.counted_last: int | None = None
        self.task: Any = None
        self.siblings = 0
        self.again = False
        self.is_answered = False  # the message's task has had its turn, or was looked at
        self.current: Transition | None = None

    @property
    def committed(self) -> bool:
        """Whether the last transition was committed, so that it cannot fail any more."""
        return self.current is not None and self.current.committed

    @property
    def more(self) -> bool:
        """Whether more is due in the instance after the last transition."""
        current = self.current
        return self.again or self.siblings > 0 or (current is not None and current.has_due)

    def take(self) -> bool:
        """Run the oldest due task in a transaction of its own.

        Returns:
            True where more is due in the instance.

        Raises:
            InstanceLocked: Somebody else works on the instance.
            BaseException: What the node raised; everything is rolled back.
        """
        # A start that was counted shall not lose the lock to a message that then counts it too:
        # so it waits, and where it did not run in the end, it was no start.
        counted, self.again = self.again, False
        try:
            self._take(lock=counted)
        except (InstanceLocked, OperationalError, InterfaceError):
            self._uncount()
            raise
        if not self.again:
            self.counted_last = None
        return self.more

    def _take(self, *, lock: bool) -> None:
        self.task, self.siblings, self.current = None, 0, None
        with transition(
            Task, self.workflow_pk, using=self.using, lock=lock, keep=True
        ) as self.current:
            workflow = load_locked(self.model._base_manager.using(self.using), self.workflow_pk)
            is_paused = workflow is not None and workflow._paused is not None
            due = self._due() if workflow is not None and not is_paused else []
            if is_paused:
                self._leave_paused()
            elif due:
                self.task, self.siblings = due[0], len(due) - 1
                self._count_or_run(self.current, workflow)
            elif workflow is None:
                self.is_answered = True
                logger.info("event=dropped task=%s reason=gone", self.task_pk)
            else:
                self._drop()

    def _leave_paused(self) -> None:
        """Drop the message: whoever resumes the instance hands out what is due then."""
        self._uncount()
        self.is_answered = True
        logger.info("event=dropped task=%s reason=paused", self.task_pk)

    def _uncount(self) -> None:
        """Take back a counted start that came back, or never began."""
        pk, self.counted_last = self.counted_last, None
        if pk is not None and not self.committed:
            self.counted.discard(pk)
            rows = Task.objects.using(self.using).scheduled_machine().filter(pk=pk, starts__gt=0)
            with suppress(Error):  # a start too many is better than another error
                rows.update(starts=F("starts") - 1)

    def _due(self) -> list[Any]:
        keys = {"workflow_pk": self.workflow_pk, "task_pk": self.task_pk}
        return DUE.read(self.using, self.model, **keys)

    def _drop(self) -> None:
        """Say why nothing is due; decide a join anew, which versions before 4 ask by messages."""
        waiting = Task.objects.using(self.using).scheduled_machine().filter(eta__isnull=True)
        if self.model._graph.joins and waiting.filter(pk=self.task_pk).exists():
            self.is_answered = True
            if self.current is not None:
                self.current.has_joins = True
            return
        is_early = self.seconds_too_early() is not None
        self.is_answered = not is_early
        reason = "too_early" if is_early else "closed"
        logger.info("event=dropped task=%s reason=%s", self.task_pk, reason)

    def seconds_too_early(self) -> float | None:
        """Return after which time the message must be sent again; None where it is done.

        It may have come too early, by a clock that is ahead, and met others that were due.
        """
        if self.is_answered:
            return None
        tasks = Task.objects.using(self.using).scheduled_machine().annotate(now=DatabaseNow())
        task = tasks.filter(pk=self.task_pk, attempts__gt=0, eta__isnull=False).first()
        if task is None or not is_near(task.eta - task.now):
            return None
        return max(float((task.eta - task.now).total_seconds()), 0.05)

    def _count_or_run(self, current: Transition, workflow: Any) -> None:
        task = self.task
        if (task.attempts > 1 or self.redelivered) and task.pk not in self.counted:
            self._count(current)
        else:
            self.redelivered = False  # only the task whose run was lost is counted
            self._run(current, workflow)

    def _count(self, current: Transition) -> None:
        """Count a start that follows one without result, and come again when that is committed."""
        if self.task.starts >= settings.JOEFLOW_MAX_STARTS:
            raise NeverCameBack(
                f"Task {self.task} was started {self.task.starts} times and never came back. "
                f"Its worker was killed each time, or lost its database; see the worker's log."
            )
        current.tasks.filter(pk=self.task.pk).update(starts=F("starts") + 1)
        self.counted.add(self.task.pk)
        self.counted_last = self.task.pk
        self.again = True

    def _run(self, current: Transition, workflow: Any) -> None:
        task, graph = self.task, self.model._graph
        self.is_answered = self.is_answered or task.pk == self.task_pk
        task.workflow = workflow
        escalation = Escalation.of(current, graph, task)
        if escalation is not None and escalation.is_pointless:
            current.cancel([task.pk], None)
            return
        with create_revision(task.name, using=self.using), _lost_transaction_noticed(self.using):
            result = _call(workflow, task)
        stays = escalation is not None and result is None
        is_late = escalation is not None
        names = () if stays else read_result(graph, task.name, result, must_choose=is_late)
        if names is NOT_YET:
            self._put_off(current)
            return
        if task.pk in current.followed:
            raise JoeflowError(
                f"Task {task} started its next tasks itself; a node returns them instead."
            )
        if not current.complete(task.pk, started=task.now):
            raise JoeflowError(
                f"Task {task} was closed by its own node; a node must leave its own task open."
            )
        if escalation is not None and not stays:
            escalation.end_late_task(names)
        create_successors(current, workflow, [task], names)
        current.tell_task(task_succeeded, "task_succeeded", task, next=",".join(names))

    def _put_off(self, current: Transition) -> None:
        """Ask a task that said "not yet" again, after half of the time it has waited so far."""
        task = self.task
        get_due = getattr(task.node, "get_due", None)
        waited = get_due(task) - task.now if get_due else (task.now - task.created) / 2
        shortest = timedelta(seconds=settings.JOEFLOW_RETRY_MIN)
        longest = timedelta(seconds=settings.JOEFLOW_RETRY_MAX)
        delay = max(waited, timedelta(0)) if get_due else max(shortest, min(waited, longest))
        # Where somebody woke the task meanwhile, it stays due.
        rows = current.tasks.filter(pk=task.pk, status=Task.SCHEDULED, **_same("eta", task.eta))
        woken = not rows.update(
            eta=DatabaseNow(delay),
            attempts=int(is_near(delay)),
            starts=0,
            started=task.now,
            modified=DatabaseNow(),
        )
        if woken:
            current.has_due = True
        elif is_near(delay):
            seconds = delay.total_seconds()
            current.deliver(Delivery(task.pk, self.workflow_pk, countdown=seconds))
        logger.info("event=not_yet task=%s again_in=%.1f", task, delay.total_seconds())

    def record_failure(self, error: BaseException) -> None:
        """Record what the node raised, in a transaction of its own."""
        record_failure(self.task, self.using, error, started=self.task.now)


def record_failure(task: Any, using: str, error: BaseException, started: Any = None) -> None:
    """Record why a task failed, in a transaction of its own, unless it has changed meanwhile.

    Args:
        task: The task as it was loaded.
        using: Alias of the database.
        error: Why.
        started: When its node was started, if it was.
    """
    exception, stacktrace = describe_exception(error)
    try:
        with transition(Task, task._workflow_id, using=using) as current:
            recorded = current.tasks.filter(
                pk=task.pk,
                status=Task.SCHEDULED,
                attempts=task.attempts,
                **_same("eta", task.eta),
            ).update(
                status=Task.FAILED,
                exception=exception,
                stacktrace=stacktrace,
                started=started,
                modified=DatabaseNow(),
            )
            if recorded:
                told = {"exception": repr(exception)}
                current.tell_task(task_failed, "task_failed", task, **told)
    except JoeflowError:
        recorded = False
    if not recorded:
        logger.error("event=failure_not_recorded task=%s exception=%r", task, exception)


def _same(column: str, value: Any) -> dict[str, Any]:
    return {f"{column}__isnull": True} if value is None else {column: value}


def _call(workflow: Any, task: Task) -> Any:
    graph = workflow._graph
    node = graph.get_node(task.name)
    options = {"task": task} if graph.wants_task(task.name) else {}
    if hasattr(node, "__get__"):
        return getattr(workflow, task.name)(**options)
    return node(workflow, **options)


@contextmanager
def _lost_transaction_noticed(using: str) -> Iterator[None]:
    """Refuse to go on after a database error that ended the transaction, even if it was caught."""
    lost: list[OperationalError] = []

    def watch(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            # Where somebody else has a lock, the database has not done this one statement alone.
            if not is_lock_not_available(error, using):
                lost.append(error)
            raise
        except Error:
            raise
        except BaseException:
            cancel_statement(connections[using])
            raise

    with connections[using].execute_wrapper(watch):
        yield
    if lost:
        raise lost[0]
