"""Where nodes are run: what they answer is written in a script, and noted for the reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from tests.unit.model import reference
from tests.unit.model.answers import DIE, FAIL, GO, NOT_YET, Answer, give, meaning
from tests.unit.model.broker import Message
from tests.unit.model.building import Effect
from tests.unit.model.clock import TICK
from tests.unit.model.plan import WAIT

#: After so many database errors in a row the node fails; less than by default, to see it happen.
MOST_ERRORS = 3
#: How far an instant may be off, since each statement has its own.
TOLERANCE = 0.3


@dataclass
class Visit:
    """A worker's stay with the instance.

    Args:
        message: What brought it here.
        script: What the nodes answer, one after the other.
        is_disturbed: Somebody dies or gets in between.
    """

    message: Message
    script: Iterator[Answer]
    is_disturbed: bool
    ran: list[int] = field(default_factory=list)
    counted: set[int] = field(default_factory=set)
    is_failing: bool = False


class Stage:
    """Runs the nodes of a world."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.visit: Visit | None = None
        self._seen = 0

    @contextmanager
    def visited(self, message: Message, script: Sequence[Answer], *, is_disturbed: bool):
        """Open the block in which a worker runs nodes."""
        outer = self.visit
        self.visit = Visit(message, cycle(script or [Answer()]), is_disturbed)
        try:
            yield self.visit
        finally:
            self.visit = outer

    def begin(self, task: Any) -> reference.Task:
        """Look whether this task may run."""
        world, visit = self.world, self.visit
        known = world.find(task.pk)
        assert known.is_machine, f"{known} ran, though it is closed, failed or a person's"
        assert known.eta is not None, f"{known} ran, though it waits"
        assert known.eta <= world.clock.now + TOLERANCE, f"{known} ran too early"
        self._first_is_the_named(task.pk)
        self._count(task, known)
        visit.ran.append(task.pk)
        self._seen = known.touched
        return known

    def _first_is_the_named(self, pk: int) -> None:
        visit = self.visit
        if visit.ran or visit.is_disturbed or pk == visit.message.task_pk:
            return
        due = self.world.reference.due(self.world.clock.now - TOLERANCE)
        assert visit.message.task_pk not in [task.pk for task in due], "another task came first"

    def _count(self, task: Any, known: reference.Task) -> None:
        """A start that follows one without result has been counted before it begins."""
        visit = self.visit
        is_again = known.attempts > 1 or (visit.message.redelivered and not visit.ran)
        if is_again and task.pk not in visit.counted:
            visit.counted.add(task.pk)
            known.starts += 1
        if visit.is_disturbed and task.starts in {known.starts - 1, known.starts + 1}:
            known.starts = task.starts
        assert task.starts == known.starts, f"{known} was started, and {task.starts} were counted"
        assert known.starts <= self.world.reference.times.max_starts, f"{known} is poison"

    def answered(self, task: Any, answer: bool) -> None:
        """Note what one of joeflow's own nodes has answered."""
        world, known = self.world, self.world.find(task.pk)
        node = world.plan.by_name[known.name]
        if node.kind == WAIT:
            left = known.created + node.seconds - world.clock.now
            assert answer is (left <= 0) or abs(left) < 100 * TICK, f"{known}: {left} s are left"
        else:
            assert answer is True, f"{known} is due and does not go on"
        if answer:
            self._note_success(known, world.plan.after(known.name))
        else:
            seen = self._seen
            world.note(lambda: world.reference.put_off(known, seen))

    def play(self, workflow: Any, task: Any, layer: str) -> Any:
        """Do what a node of the workflow's author does."""
        world, known = self.world, self.begin(task)
        node = world.plan.by_name[known.name]
        assert layer == ("parent" if node.inherited and not node.overridden else "child")
        assert workflow.journal == world.journal, "the state is not what was committed"
        answer = next(self.visit.script)
        Effect.objects.create(task_pk=task.pk)
        workflow.journal += f"{task.pk} "
        workflow.save(update_fields=["journal"])
        self._note_answer(answer, workflow, known)
        return give(answer, world.plan, known.name, workflow)

    def _note_answer(self, answer: Answer, workflow: Any, known: reference.Task) -> None:
        world, seen, visit = self.world, self._seen, self.visit
        means, names = meaning(answer, world.plan, known.name)
        if means == GO:
            self._note_effect(known, workflow.journal)
            self._note_success(known, names)
        elif means == NOT_YET:
            if answer.word == "woken":
                workflow.wake()
                world.note(world.reference.wake)
            self._note_effect(known, workflow.journal)
            world.note(lambda: world.reference.put_off(known, seen))
        elif means == FAIL:
            self._note_failure(known, seen)
        elif means != DIE:
            if known.pk in visit.counted:
                known.starts -= 1  # a database that fails is no start
            if visit.message.errors + 1 >= MOST_ERRORS:
                self._note_failure(known, seen)

    def _note_success(self, known: reference.Task, names: list[str]) -> None:
        self.world.note(lambda: self.world.reference.succeed(known, names))

    def _note_effect(self, known: reference.Task, journal: str) -> None:
        def fact() -> None:
            known.answers += 1
            self.world.journal = journal

        self.world.note(fact)

    def _note_failure(self, known: reference.Task, seen: int) -> None:
        self.visit.is_failing = True
        self.world.note(lambda: self.world.reference.fail(known, seen), failing=True)
