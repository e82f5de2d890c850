"""The block in which tasks of an instance are ended and created: all of it happens, or nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any

from django.db import connections, router, transaction
from django.dispatch import Signal

from joeflow.announcements import Announcement
from joeflow.clock import DatabaseNow
from joeflow.content_types import workflow_class
from joeflow.dispatch import Delivery, hand_out
from joeflow.events import Event
from joeflow.joins import OpenTask
from joeflow.locks import lock_instance, taken_as_instance_locked
from joeflow.open_rows import OpenRows, read_open_rows
from joeflow.savepoints import Savepoints
from joeflow.signals import workflow_ended
from joeflow.statements import COMPLETE, END
from joeflow.typing import User, logged_in

__all__ = ("Transition", "transition")


class _OpenBlocks(threading.local):
    """The blocks that this thread is in, by database and key of the instance."""

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, int], Transition] = {}


_blocks = _OpenBlocks()

#: What a transition has noted, and forgets again where a savepoint is rolled back.
_NOTED = (
    *("closed", "created", "followed", "unfollowed", "was_open", "has_joins", "has_due"),
    *("_deliveries", "_events", "_afterwards", "open_rows"),
)


@contextmanager
def transition(
    task_model: Any,
    workflow_pk: int,
    *,
    using: str | None = None,
    wait: bool = True,
    lock: bool = True,
    keep: bool = False,
) -> Iterator[Transition]:
    """Open a block in which tasks of one instance may be ended and created.

    The block is one transaction (or a savepoint of one that is open already). Within it the
    instance is locked; at its end the joins are decided, and whether the instance has ended.
    After the commit its tasks are handed out and the signals are sent. A block inside a block for
    the same instance is a part of it.

    Args:
        task_model: The model `Task`.
        workflow_pk: Key of the instance.
        using: Alias of the database; by default the one that the router gives for writing tasks.
        wait: Wait for the instance, up to ``JOEFLOW_LOCK_TIMEOUT``.
        lock: False where the instance is new, or the block's first statement locks it.
        keep: For a worker, which runs what is due in the instance itself: the block must be the
            outermost transaction, and only what is due later is handed out.

    Raises:
        InstanceLocked: Somebody else works on the instance.
    """
    using = using or router.db_for_write(task_model)
    if (using, workflow_pk) in _blocks.by_key:
        outer = _blocks.by_key[using, workflow_pk]
        outer.savepoints.mark()
        outer.open_rows = None  # whatever is done in it is not noted there
        yield outer
        return
    current = Transition(task_model, workflow_pk, using, keep=keep)
    with _transaction(current, savepoint=lock or keep):
        if lock:
            current.found = lock_instance(workflow_pk, using, wait=wait)
        yield current
        current.settle()


@contextmanager
def _transaction(current: Transition, *, savepoint: bool) -> Iterator[None]:
    """Open the transaction, or savepoint, of an instance's outermost block."""
    # A worker's block is the outermost one, and needs a savepoint in somebody's TestCase alone.
    atomic = transaction.atomic(using=current.using, savepoint=savepoint, durable=current.keep)
    key = (current.using, current.workflow_pk)
    with ExitStack() as stack:
        with taken_as_instance_locked(current.using):  # SQLite locks the whole database to begin
            stack.enter_context(atomic)
        _blocks.by_key[key] = current
        current.savepoints = Savepoints(current, _NOTED, current.using)
        try:
            # Before anything else, so that it comes first: a hook of somebody else may raise.
            transaction.on_commit(current.after_commit, using=current.using)
            yield
        finally:
            del _blocks.by_key[key]


class Transition:
    """What happens to the tasks of one instance in one block; see `transition`."""

    savepoints: Savepoints

    def __init__(self, task_model: Any, workflow_pk: int, using: str, *, keep: bool) -> None:
        """Note for whom the block is; nothing is read yet."""
        self.workflow_pk = workflow_pk
        self.using = using
        self.keep = keep
        self.task_model = task_model
        self.closed: set[int] = set()
        self.created: set[int] = set()
        #: Tasks whose next tasks were started.
        self.followed: set[int] = set()
        #: Tasks that were completed without a word about what follows; key and name.
        self.unfollowed: dict[int, str] = {}
        self.found = True
        #: The block is a part of somebody's transaction, in which more may follow.
        self.is_inner = connections[using].in_atomic_block
        #: The open tasks, where they are known since nothing has changed after they were read.
        self.open_rows: OpenRows | None = None
        self.was_open = False  # nothing is known so far
        self.has_joins = False
        self.has_due = False
        self.has_ended = False
        self.committed = False
        self._content_type_id: int | None = None
        self._deliveries: list[Delivery] = []
        self._events: list[Announcement] = []
        self._afterwards: list[Callable[[], None]] = []

    @cached_property
    def tasks(self) -> Any:
        """All tasks of the instance."""
        tasks = self.task_model._default_manager.using(self.using)
        return tasks.filter(_workflow_id=self.workflow_pk)

    # What may happen in the block.

    def complete(
        self, pk: int, *, user: User | None = None, started: Any = None, before: Any = None
    ) -> bool:
        """Complete a task that is still open.

        Args:
            pk: Key of a task of this instance.
            user: Who did it.
            started: When its last run began; None leaves that as it is.
            before: What the state was before, for whoever takes it back.

        Returns:
            Whether it was open.
        """
        values = {"pk": pk, "workflow_pk": self.workflow_pk, "started": started, "before": before}
        user_pk = getattr(logged_in(user), "pk", None)
        count = COMPLETE.send(self.using, self.task_model, completed_by_user_id=user_pk, **values)
        self._note_closed([pk], count)
        return bool(count)

    def _note_closed(self, pks: Iterable[int], count: int) -> None:
        self.savepoints.take_back()
        self.open_rows = None
        self.closed.update(pks)
        self.was_open = self.was_open or bool(count)

    def cancel(self, pks: Iterable[int], user: User | None) -> int:
        """Cancel those of the tasks that are still open, and return how many."""
        pks = list(pks)
        count = int(
            self.tasks.open()
            .filter(pk__in=pks)
            .update(
                status=self.task_model.CANCELED,
                completed=DatabaseNow(),
                modified=DatabaseNow(),
                completed_by_user=logged_in(user),
            )
        )
        self._note_closed(pks, count)
        if count:
            keys, by = ",".join(map(str, pks)), getattr(logged_in(user), "pk", None)
            self.tell(None, "tasks_canceled", sender=self._sender(), task_pks=keys, user=by)
        return count

    def deliver(self, delivery: Delivery) -> None:
        """Hand this task out after the commit."""
        self._deliveries.append(delivery)
        self.has_due = self.has_due or not delivery.is_later

    def afterwards(self, action: Callable[[], None]) -> None:
        """Do something after the commit, when all else is done; it must not raise."""
        self._afterwards.append(action)

    def tell(self, signal: Signal | None, event: str, *, to: Any = None, **fields: Any) -> None:
        """Write a log line after the commit, and send a signal where there is one."""
        self._events.append(Announcement(signal, event, fields.pop("sender", None), fields, to))

    def tell_task(
        self, signal: Signal | None, event: str, task: Any, *, to: Any = None, **fields: Any
    ) -> None:
        """Write a log line about a task after the commit, and send a signal where there is one.

        A node that sends mails notes the signal: for these users and groups, or for all.
        """
        self._content_type_id = task.content_type_id
        sender = self._sender()
        fields = {"task_pk": task.pk, "name": task.name, **fields}
        self.tell(signal, event, sender=sender, to=to, **fields)
        node: Any = sender._graph.nodes.get(task.name) if signal and sender else None
        if hasattr(node, "note_mail"):
            node.note_mail(self, signal, task, to)

    def told(self, signal: Signal, task: Any) -> list[Any]:
        """Return the users and groups for whom a signal will be sent after the commit."""
        return [to for event in self._events if event.is_of(signal, task) for to in event.to or ()]

    def record(
        self,
        kind: str,
        task: Any,
        user: User | None,
        text: str = "",
        data: dict[str, Any] | None = None,
        signal: Signal | None = None,
        **fields: Any,
    ) -> None:
        """Write a row for the history, and a log line after the commit.

        Args:
            kind: One of the kinds of `Event`.
            task: What it happened to; None: the whole instance.
            user: Who did it.
            text: What was said, why it was done, or who was meant.
            data: Keys, for whoever takes it back.
            signal: Sent after the commit, where there is one.
            fields: What is said in the log besides.
        """
        by = logged_in(user)
        Event._base_manager.using(self.using).create(
            _workflow_id=self.workflow_pk,
            task=task,
            kind=kind,
            user=by,
            text=text,
            data=data or {},
        )
        fields = {"user": by.pk if by else None, **fields}
        if task is None:
            self.tell(None, f"instance_{kind}", sender=self._sender(), **fields)
        else:
            self.tell_task(signal, f"task_{kind}", task, **fields)

    # The end of the block.

    def settle(self) -> None:
        """Decide the joins, and whether the instance has ended."""
        self.savepoints.take_back()
        if self.created and not self.was_open:
            self.instances.filter(_ended__isnull=False).update(_ended=None)
        if not self.has_joins and (self.created - self.closed or not self.closed):
            return  # nothing waits for what happened, and something goes on
        rows = self.open_rows or read_open_rows(self.using, self.task_model, self.workflow_pk)
        if rows.tasks:
            self._decide_joins(rows)
        else:
            self._end()

    def _decide_joins(self, rows: OpenRows) -> None:
        """Make those waiting joins due that wait for nothing any more."""
        # Whoever completes a task, and only then starts what follows, has not arrived yet.
        due = rows.due_joins([OpenTask(pk, name) for pk, name in self.unfollowed.items()])
        if due:
            now = DatabaseNow()
            self.tasks.filter(pk__in=due).update(eta=now, attempts=1, modified=now)
        for pk in due:
            self.deliver(Delivery(pk, self.workflow_pk))

    def _end(self) -> None:
        self.has_ended = True
        if END.send(self.using, self._workflow_model, pk=self.workflow_pk):
            self.tell(workflow_ended, "workflow_ended", sender=self._sender())

    def _has_ended(self) -> bool:
        return bool(self.instances.filter(_ended__isnull=False).exists())

    def _sender(self) -> Any:
        if self._content_type_id is None:
            rows = self.tasks.order_by().values_list("content_type_id", flat=True)
            self._content_type_id = next(iter(rows[:1]), None)
        return workflow_class(self._content_type_id, self.using)

    @property
    def _workflow_model(self) -> Any:
        return self.task_model._meta.get_field("_workflow").related_model

    @property
    def instances(self) -> Any:
        """The base row of the instance."""
        rows = self._workflow_model._base_manager.using(self.using)
        return rows.filter(pk=self.workflow_pk)

    # After the commit.

    def after_commit(self) -> None:
        """Send the signals and hand out the tasks."""
        self.committed = True
        for event in self._events:
            if event.signal is workflow_ended and self.is_inner and not self._has_ended():
                continue  # what followed in the same transaction has opened it again
            event.make(self.workflow_pk, self.using)
        later = [delivery for delivery in self._deliveries if delivery.is_later]
        try:
            hand_out(later if self.keep else self._deliveries)
        finally:
            for action in self._afterwards:
                action()

    @property
    def results(self) -> list[Any]:
        """What the runner returned for each task that it took."""
        return [delivery.result for delivery in self._deliveries if delivery.sent]
