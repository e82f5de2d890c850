"""One instance in the engine and in the reference, and all that can be done to it.

Whatever is done, the two are compared after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from unittest import mock

from django.db import connections
from django.test import override_settings

from joeflow import dispatch, engine, recovery
from joeflow.models import Task
from tests.unit.model import broker, reference
from tests.unit.model.answers import Answer
from tests.unit.model.broker import Broker, Message
from tests.unit.model.building import Effect, Played, workflow_class
from tests.unit.model.clock import Clock
from tests.unit.model.comparing import Comparison
from tests.unit.model.crashes import Crash, Killed, Ledger
from tests.unit.model.people import People
from tests.unit.model.plan import Plan
from tests.unit.model.stage import MOST_ERRORS, Stage

TIMES = reference.Times(max_starts=2)
SETTINGS = {
    "JOEFLOW_TASK_RUNNER": broker.RUNNER,
    "JOEFLOW_RETRY_MIN": TIMES.retry_min,
    "JOEFLOW_RETRY_MAX": TIMES.retry_max,
    "JOEFLOW_GRACE_PERIOD": TIMES.grace,
    "JOEFLOW_SWEEP_SECONDS": TIMES.sweep,
    "JOEFLOW_MAX_STARTS": TIMES.max_starts,
}
Visitors = dict[int, Callable[[], None]] | None


@contextmanager
def world(plan: Plan, *, ahead: float = 0) -> Iterator[World]:
    """Open a world with one instance in it.

    Args:
        plan: Its workflow class.
        ahead: How far the clock of the servers is ahead of the database's.
    """
    for model in (Task.parent_task_set.through, Task, Played, Effect):
        model._base_manager.all()._raw_delete(using="default")
    Played._meta.get_parent_list()[0]._base_manager.all()._raw_delete(using="default")
    dispatch.breaker.reset()
    clock = Clock(ahead)
    with (
        clock.installed(),
        Ledger(connections["default"]).installed() as ledger,
        override_settings(**SETTINGS),
        mock.patch.object(engine, "MOST_DATABASE_ERRORS", MOST_ERRORS),
        mock.patch.object(broker, "current", Broker()) as messages,
    ):
        made = World(plan, clock, ledger, messages)
        with workflow_class(plan, made.stage) as cls:
            made.begin(cls)
            yield made


class World(People):
    """One instance, twice; see `world`."""

    workflow: Any

    def __init__(self, plan: Plan, clock: Clock, ledger: Ledger, messages: Broker) -> None:
        self.plan = plan
        self.clock = clock
        self.ledger = ledger
        self.broker = messages
        self.reference = reference.Interpreter(plan, TIMES, ahead=clock.ahead)
        self.stage = Stage(self)
        self.journal = ""
        self.comparison = Comparison(self)
        self.depth = 0
        #: The last comparison found nothing; else it is of no use to go on.
        self.is_sound = True

    def begin(self, cls: Any) -> None:
        """Start the instance."""
        with self.acting(self.reference.start):
            self.workflow = getattr(cls, self.plan.start)()
            self.comparison.workflow_pk = self.workflow.pk

    # What is known.

    def note(self, fact: Callable[[], None], *, failing: bool = False) -> None:
        """Let the reference know a fact as soon as it is committed."""

        note = self.ledger.note_failure if failing else self.ledger.note
        note(lambda: self.happen(fact))

    def happen(self, fact: Callable[[], None]) -> None:
        """Let the reference know a fact that is committed."""
        self.reference.now = self.clock.now
        fact()

    def find(self, pk: int) -> reference.Task:
        """Return what the reference knows of a task."""
        return self.comparison.find(pk)

    @property
    def tasks(self) -> list[reference.Task]:
        """Return all tasks, oldest first."""
        return self.reference.tasks

    def row(self, known: reference.Task) -> Task:
        """Return the task as somebody has it who has loaded it some time ago."""
        return self.comparison.rows[known.pk]

    @contextmanager
    def acting(
        self,
        *facts: Callable[[], None],
        crash: Crash | None = None,
        visitors: Visitors = None,
        loses: bool = False,
    ) -> Iterator[None]:
        """Open a block in which something happens; compare all when the outermost one ends.

        Args:
            facts: What will be so when it is committed.
            crash: Who acts dies at a commit.
            visitors: What somebody else does before the transactions, by their number.
            loses: Messages may get lost.
        """
        self.depth += 1
        if loses or crash:
            self.comparison.loses = True
        try:
            with self.ledger.action(crash, visitors):
                for fact in facts:
                    self.note(fact)
                with suppress(Killed):
                    yield
        finally:
            self.depth -= 1
        if not self.depth:
            self.is_sound = False
            self.comparison.compare(is_exact=crash is None and not visitors)
            self.is_sound = True

    # What workers and their broker do.

    def deliver(
        self,
        message: Message,
        script: Sequence[Answer] = (),
        *,
        stay: int = 0,
        crash: Crash | None = None,
        visitors: Visitors = None,
        is_lost: bool = False,
    ) -> None:
        """Give a message to a worker; an old one, too, and one that nobody sent.

        Args:
            message: The message; it leaves the broker.
            script: What the nodes answer, one after the other.
            stay: How many tasks the worker does, more or less.
            crash: It dies.
            visitors: What somebody else does before its transactions.
            is_lost: Where it dies, the message is lost, and not sent again.
        """
        if message in self.broker.messages:
            self.broker.messages.remove(message)
        self.broker.taken.append(message)
        disturbed = {"is_disturbed": bool(crash or visitors or self.depth)}
        with (
            self.acting(crash=crash, visitors=visitors),
            self.stage.visited(message, script, **disturbed) as visit,
            override_settings(JOEFLOW_STAY_SECONDS=stay),
        ):
            try:
                self._work(message, visit)
            except Killed:
                self.comparison.loses = True
                if not is_lost:
                    self.broker.messages.append(replace(message, redelivered=True))

    def _work(self, message: Message, visit: Any) -> None:
        counts = {"bounces": message.bounces, "errors": message.errors}
        keys = (message.task_pk, message.workflow_pk)
        try:
            back = engine.run(*keys, redelivered=message.redelivered, **counts)
        except Exception as error:
            if type(error).__name__ == "NeverCameBack":
                self.comparison.expect_poison()
            elif not visit.is_failing or isinstance(error, AssertionError):
                raise
            return
        assert not visit.is_failing, "what the node raised was kept from the worker"
        if back is not None:
            assert back.delay > 0
            counts = {"bounces": back.bounces, "errors": back.errors}
            again = replace(message, redelivered=False, **counts)
            self.broker.messages.append(again)

    def lose(self, message: Message) -> None:
        """Let a message get lost."""
        with self.acting(loses=True):
            self.broker.messages.remove(message)

    def sweep(self, *, crash: Crash | None = None) -> None:
        """Let the recovery look for what got lost."""
        before = list(self.broker.messages)
        found = self.reference.overdue(self.clock.now)

        def claim(*args: Any) -> Any:
            # It is so with the next commit: those before it have looked at joins.
            self.note(lambda: self.reference.hand_out(found))
            return claim_all(*args)

        claim_all = recovery._claim
        with self.acting(crash=crash), mock.patch.object(recovery, "_claim", claim):
            recovery.sweep()
            sent = [message.task_pk for message in self.broker.messages[len(before) :]]
            assert sorted(sent) == sorted(task.pk for task in found), "not what was overdue"

    def come_to_rest(self) -> None:
        """Leave the instance alone until nothing moves: what got lost must be found again."""
        for _ in range(50):
            self.pass_time(TIMES.retry_max + 20 * TIMES.grace)
            self.sweep()
            if not self.broker.messages and not self.reference.due(self.clock.now):
                break
            for message in list(self.broker.messages):
                self.deliver(message, [Answer("end")], stay=1000)
        people = [task for task in self.reference.open if task.human or task.status == "failed"]
        moving = [task for task in self.reference.open if not self.reference.waits(task)]
        assert moving == people, f"still moving: {moving}"
        assert people or not self.reference.open, "joins hang"

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        with self.acting():
            self.clock.now += seconds
