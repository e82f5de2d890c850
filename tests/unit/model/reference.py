"""A small interpreter of workflows, written from the design and from nothing else.

It shares no import with ``joeflow/``: what it says is a second opinion. It knows no database, no
lock and no message; it is told in which order things were committed, and says what there must be.
Instants and times are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.unit.model.plan import HUMAN, JOIN, START, WAIT, Plan

SCHEDULED, FAILED, SUCCEEDED, CANCELED = "scheduled", "failed", "succeeded", "canceled"


@dataclass(frozen=True)
class Times:
    """The settings of the design."""

    retry_min: float = 1
    retry_max: float = 600
    grace: float = 30
    sweep: float = 5
    max_starts: int = 5


@dataclass(eq=False)
class Task:
    """One visit of one node.

    Args:
        name: Name of the node.
        parents: The tasks that it follows.
        human: It is for a person.
        created: When it was created, by the clock of the server that did; a wait by the database's.
        status: Scheduled, failed, succeeded, canceled.
        eta: When it is due; None for people's tasks and joins that wait.
        attempts: How often it was handed out since then.
        starts: How often it was started and did not come back.
        touched: How often somebody has changed when it is due.
        pk: Its key in the database, once that is known.
        answers: How often its node has answered.
    """

    name: str
    parents: list[Task] = field(repr=False)
    human: bool
    created: float
    status: str = SCHEDULED
    eta: float | None = None
    attempts: int = 0
    starts: int = 0
    touched: int = 0
    pk: int | None = None
    answers: int = 0

    @property
    def is_open(self) -> bool:
        return self.status in {SCHEDULED, FAILED}

    @property
    def is_machine(self) -> bool:
        """Whether a worker will run it, now or later."""
        return not self.human and self.status == SCHEDULED

    def set_due(self, now: float, delay: float, times: Times) -> None:
        """Be due after a delay; what is due before the next sweeps is handed out at once."""
        self.eta, self.attempts, self.starts = now + delay, int(delay <= 2 * times.sweep), 0
        self.touched += 1


@dataclass
class Interpreter:
    """One instance.

    Args:
        plan: Its graph.
        times: The settings.
        ahead: How far the clock of the servers is ahead of the database's.
    """

    plan: Plan
    times: Times = field(default_factory=Times)
    ahead: float = 0
    now: float = 0
    tasks: list[Task] = field(default_factory=list)

    # What can be asked.

    @property
    def open(self) -> list[Task]:
        return [task for task in self.tasks if task.is_open]

    @property
    def ended(self) -> bool:
        return not self.open

    def waits(self, task: Task) -> bool:
        """Tell whether it is a join that has not been found due so far."""
        return self._is_join(task) and task.is_machine and task.eta is None

    def _is_join(self, task: Task) -> bool:
        return task.name in self.plan.by_name and self.plan.kind(task.name) == JOIN

    def due(self, at: float) -> list[Task]:
        """Return what a worker may run at that instant."""
        return [t for t in self.tasks if t.is_machine and t.eta is not None and t.eta <= at]

    def grace(self, task: Task) -> float:
        """Return how long a task may have been due before it counts as lost."""
        if task.attempts == 0:
            return 0
        return self.times.grace * min(2 ** (task.attempts - 1), 16)

    def overdue(self, at: float) -> list[Task]:
        """Return what a sweep at that instant must hand out."""
        return [
            task for task in self.due(at) if task.attempts == 0 or at - task.eta > self.grace(task)
        ]

    # What can happen; each is one transition.

    def start(self) -> None:
        """Begin the instance."""
        start = self._new(self.plan.start, [], human=False)
        start.status = SUCCEEDED
        self._go_on(start, self.plan.after(start.name))

    def succeed(self, task: Task, names: Iterable[str]) -> None:
        """Complete a task and start what follows."""
        assert task.is_open, f"{task} was completed twice"
        task.status = SUCCEEDED
        self._go_on(task, names)

    def put_off(self, task: Task, seen: int) -> None:
        """Ask a task that said "not yet" later; where it was woken meanwhile, it stays due."""
        if task.touched != seen:
            return
        if self.plan.kind(task.name) == WAIT:
            delay = max(task.created + self.plan.by_name[task.name].seconds - self.now, 0)
        else:
            delay = min((self.now - task.created) / 2, self.times.retry_max)
            delay = max(delay, self.times.retry_min)
        task.set_due(self.now, delay, self.times)

    def fail(self, task: Task, seen: int) -> None:
        """Record a failure, unless the task is another matter by now."""
        if task.is_open and task.status == SCHEDULED and task.touched == seen:
            task.status = FAILED

    def enqueue(self, task: Task, countdown: float = 0) -> None:
        """Schedule an open task again; a join that waits goes on waiting."""
        if self.waits(task):
            self._decide_joins()
            return
        task.status = SCHEDULED
        task.set_due(self.now, countdown, self.times)

    def wake(self) -> None:
        """Make all due that have an instant."""
        for task in self.tasks:
            if task.is_machine and task.eta is not None:
                task.eta, task.attempts, task.touched = self.now, 1, task.touched + 1

    def hand_out(self, tasks: Iterable[Task]) -> None:
        """Hand out again what a sweep has found."""
        for task in tasks:
            task.eta, task.attempts = self.now, task.attempts + 1
            task.touched += 1

    def cancel(self, tasks: Iterable[Task]) -> None:
        """Cancel those that are open."""
        for task in tasks:
            if task.is_open:
                task.status = CANCELED
        self._decide_joins()

    def override(self, names: Iterable[str]) -> None:
        """Cancel what is open, and start what was chosen."""
        parents = self.open or [self._newest()]
        for task in self.open:
            task.status = CANCELED
        step = self._new("override", parents, human=True)
        step.status = SUCCEEDED
        self._go_on(step, names)

    # What follows from it.

    def _newest(self) -> Task:
        """Return the task with the largest key; one without a key so far is newer."""
        return max(self.tasks, key=lambda task: task.pk or float("inf"))

    def _new(self, name: str, parents: list[Task], *, human: bool) -> Task:
        task = Task(name, list(parents), human, self.now + self.ahead)
        self.tasks.append(task)
        return task

    def _go_on(self, parent: Task, names: Iterable[str]) -> None:
        for name in dict.fromkeys(names):
            waiting = [t for t in self.tasks if t.name == name and self.waits(t)]
            if waiting:
                waiting[0].parents.append(parent)
            else:
                self._visit(name, parent)
        self._decide_joins()

    def _visit(self, name: str, parent: Task) -> None:
        node = self.plan.by_name[name]
        task = self._new(name, [parent], human=node.kind == HUMAN)
        if node.kind == WAIT:
            task.created = self.now  # it begins by the clock that says when it is over
        if node.kind not in {HUMAN, JOIN, START}:
            task.set_due(self.now, node.seconds, self.times)

    def _decide_joins(self) -> None:
        joins = [task for task in self.tasks if self.waits(task)]
        held_by = {join: self._holders(join) for join in joins}
        due = [join for join in joins if not held_by[join]]
        stuck = [join for join in joins if not self._will_move(join, held_by, set())]
        for join in due + stuck[:1]:
            join.set_due(self.now, 0, self.times)

    def _holders(self, join: Task) -> list[Task]:
        """Return the other open tasks that can still bring a parent that is missing."""
        parents = set(self.plan.by_name[join.name].parents or self.plan.before(join.name))
        missing = parents - {parent.name for parent in join.parents}
        return [
            task
            for task in self.open
            if task is not join and self._can_become(task.name, missing, past=join.name)
        ]

    def _can_become(self, name: str, goals: set[str], *, past: str) -> bool:
        """Tell whether a way leads from a node to one of the goals, and never through the join."""
        if name in goals:
            return True
        seen: set[str] = set()
        ahead = self.plan.after(name)
        while ahead:
            name = ahead.pop()
            if name in seen or name == past:
                continue
            if name in goals:
                return True
            seen.add(name)
            ahead += self.plan.after(name)
        return False

    def _will_move(self, join: Task, held_by: dict[Task, list[Task]], seen: set[Task]) -> bool:
        """Tell whether something that does not wait can bring a join on, or one that holds it."""
        if not held_by[join]:
            return True
        seen.add(join)
        return any(
            task not in held_by or (task not in seen and self._will_move(task, held_by, seen))
            for task in held_by[join]
        )
