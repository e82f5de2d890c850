"""What must be so after each step, whatever has happened."""

from __future__ import annotations

from collections import Counter
from typing import Any

from joeflow.models import Task
from joeflow.workflows import Workflow
from tests.unit.model import reference
from tests.unit.model.building import Effect, Played
from tests.unit.model.stage import TOLERANCE

COLUMNS = ("pk", "name", "type", "status", "completed", "eta", "attempts", "starts", "exception")
LINKS = Task.parent_task_set.through


class Comparison:
    """Compares the rows of an instance with what the reference says.

    Args:
        world: Both of them.
    """

    def __init__(self, world: Any) -> None:
        self.world = world
        self.workflow_pk: int | None = None
        #: Rows as they were when they were loaded first.
        self.rows: dict[int, Task] = {}
        self.loses = False
        self._by_pk: dict[int, reference.Task] = {}
        self._closed: dict[int, dict[str, Any]] = {}
        self._excused: set[int] = set()

    # Which row is which.

    def find(self, pk: int) -> reference.Task:
        """Return what the reference knows of a task."""
        if pk not in self._by_pk:
            self.bind()
        assert pk in self._by_pk, f"there must be no task {pk}"
        return self._by_pk[pk]

    def bind(self) -> None:
        """Find the tasks of the reference for rows that are new."""
        unbound = [task for task in self.world.tasks if task.pk is None]
        for row in Task.objects.exclude(pk__in=self.rows).order_by("pk"):
            task = next((task for task in unbound if task.name == row.name), None)
            assert task is not None, f"there must be no {row}"
            unbound.remove(task)
            task.pk = row.pk
            self.rows[row.pk], self._by_pk[row.pk] = row, task
        assert not unbound, f"not created: {unbound}"

    def expect_poison(self) -> None:
        """Note that a task has failed which was started too often."""
        world = self.world
        rows = Task.objects.filter(status="failed", exception__contains="never came back")
        for row in rows:
            known = self.find(row.pk)
            if known.status == reference.SCHEDULED:
                assert row.starts >= world.reference.times.max_starts, f"{known} was not started"
                assert known.starts >= row.starts - 1
                known.status, known.starts = reference.FAILED, row.starts

    # The invariants.

    def compare(self, *, is_exact: bool) -> None:
        """Look at everything.

        Args:
            is_exact: Nobody died or got in between, so that all counts are known.
        """
        self.bind()
        rows = {row["pk"]: row for row in Task.objects.values(*COLUMNS)}
        assert set(rows) == set(self._by_pk)
        for pk, row in rows.items():
            self._compare_row(self._by_pk[pk], row, is_exact=is_exact)
        self._compare_links()
        self._compare_state()
        self._closed_never_changes(rows)
        self._is_handed_out()

    def _compare_row(self, known: reference.Task, row: dict[str, Any], *, is_exact: bool) -> None:
        assert (row["name"], row["status"]) == (known.name, known.status), f"{row}, not {known}"
        assert row["type"] == ("human" if known.human else "machine")
        assert (row["completed"] is None) is known.is_open
        assert bool(row["exception"]) <= (known.status in {"failed", "canceled"}), row
        if known.is_machine:
            self._compare_times(known, row, is_exact=is_exact)

    def _compare_times(self, known: reference.Task, row: dict[str, Any], *, is_exact: bool) -> None:
        eta = self.world.clock.seconds(row["eta"])
        assert (eta is None) is (known.eta is None), f"due: {eta}, not {known}"
        if eta is not None:
            assert abs(eta - known.eta) < TOLERANCE, f"due: {eta}, not {known}"
            assert row["attempts"] == known.attempts, f"{row}, not {known}"
            known.eta = eta
        if not is_exact and abs(row["starts"] - known.starts) == 1:
            known.starts = row["starts"]
        assert row["starts"] == known.starts, f"{row}, not {known}"

    def _compare_links(self) -> None:
        """Each successor is there exactly once, and knows whom it follows."""
        links = Counter(LINKS._base_manager.values_list("from_task_id", "to_task_id"))
        known = Counter((t.pk, parent.pk) for t in self.world.tasks for parent in t.parents)
        assert links == known, f"links: {links - known} too many, {known - links} missing"

    def _compare_state(self) -> None:
        """What nodes did is committed once, and the end is known."""
        effects = Counter(Effect.objects.values_list("task_pk", flat=True))
        answers = {task.pk: task.answers for task in self.world.tasks if task.answers}
        assert effects == answers, f"effects: {effects}, not {answers}"
        assert Played.objects.values_list("journal", flat=True).get() == self.world.journal
        ended = Workflow.objects.values_list("_ended", flat=True).get()
        assert (ended is not None) is self.world.reference.ended, f"ended: {ended}"

    def _closed_never_changes(self, rows: dict[int, dict[str, Any]]) -> None:
        for pk, row in self._closed.items():
            assert rows[pk] == row, f"{row} was closed, and is now {rows[pk]}"
        self._closed = {pk: row for pk, row in rows.items() if row["completed"] is not None}

    def _is_handed_out(self) -> None:
        """What counts as handed out has been sent, unless a message got lost."""
        messages = self.world.broker.messages
        sent = {message.task_pk for message in messages}
        # Whoever takes a message goes on with all that is due in the instance by then.
        if any(not message.is_later for message in messages):
            sent |= {task.pk for task in self.world.reference.due(self.world.clock.now)}
        counted = [task for task in self.world.tasks if task.is_machine and task.attempts]
        unsent = {task.pk for task in counted if task.pk not in sent}
        if not self.loses:
            assert unsent <= self._excused, f"not handed out: {unsent - self._excused}"
        self._excused, self.loses = unsent, False
