"""What people do to an instance."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.test import RequestFactory

from joeflow import engine
from joeflow.exceptions import TaskClosed
from tests.unit.model import reference
from tests.unit.model.crashes import Crash


class People:
    """The part of a world that people move."""

    acting: Callable[..., Any]
    happen: Callable[..., None]
    note: Callable[..., None]
    row: Callable[[reference.Task], Any]

    def post(self, known: reference.Task, *, crash: Crash | None = None) -> None:
        """Post the form of a person's task, which may be closed by now."""
        node = type(self.workflow)._graph.nodes[known.name]
        request = RequestFactory().post("/", json.dumps({}), content_type="application/json")
        request.user = AnonymousUser()
        request._dont_enforce_csrf_checks = True
        view = node.get_url_pattern(type(self.workflow)).callback
        is_open = known.is_open
        with self.acting(crash=crash):
            if is_open:
                names = self.plan.after(known.name)
                self.note(lambda: self.reference.succeed(known, names))
            status = view(request, pk=known.pk).status_code
            assert status == (200 if is_open else 409), f"posting {known} was answered {status}"

    def rerun(
        self, known: reference.Task, *, countdown: float = 0, crash: Crash | None = None
    ) -> None:
        """Enqueue a machine task, which may be closed by now."""

        def act() -> None:
            self.row(known).enqueue(countdown=countdown)

        self._do_if_open(known, act, lambda: self.reference.enqueue(known, countdown), crash)

    def cancel(self, known: reference.Task, *, crash: Crash | None = None) -> None:
        """Cancel a task, which may be closed by now."""
        act = self.row(known).cancel
        self._do_if_open(known, act, lambda: self.reference.cancel([known]), crash)

    def _do_if_open(
        self,
        known: reference.Task,
        act: Callable[[], None],
        fact: Callable[[], None],
        crash: Crash | None,
    ) -> None:
        is_open, refused = known.is_open, False
        with self.acting(*[fact] * is_open, crash=crash):
            try:
                act()
            except TaskClosed:
                refused = True
            assert refused is not is_open, f"{known} was not heeded"

    def cancel_all(self, *, crash: Crash | None = None) -> None:
        """Cancel all that is open."""
        with self.acting(lambda: self.reference.cancel(self.tasks), crash=crash):
            count = len(self.reference.open)
            assert self.workflow.cancel() == count

    def override(
        self, names: Sequence[str], *, seen: bool | None = None, crash: Crash | None = None
    ) -> None:
        """Send the instance elsewhere.

        Args:
            names: Where to.
            seen: Whether the person saw what is open; None: nobody looked.
            crash: Who does it dies.
        """
        nodes = [getattr(self.workflow, name) for name in names]
        pks = [task.pk for task in self.reference.open]
        shown = None if seen is None else pks if seen else [*pks, 0]
        facts = [] if seen is False else [lambda: self.reference.override(names)]
        refused = False
        with self.acting(*facts, crash=crash):
            try:
                engine.override(self.workflow, nodes, seen=shown)
            except engine.InstanceChanged:
                refused = True
            assert refused is (seen is False)

    def wake(self, *, crash: Crash | None = None) -> None:
        """Wake what waits; it takes no transaction, and may be a part of one."""
        with self.acting(crash=crash):
            if crash is None:
                self.workflow.wake()
                self.happen(self.reference.wake)
                return
            with transaction.atomic():
                self.note(self.reference.wake)
                self.workflow.wake()
