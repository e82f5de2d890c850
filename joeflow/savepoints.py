"""Take back what was noted in a savepoint that the database has rolled back."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from django.db import connections, transaction

__all__ = ("Savepoints",)


class _Mark:
    """Stands among the commit hooks, which go when their savepoint is rolled back."""

    def __init__(self, savepoints: tuple[str | None, ...], notes: dict[str, Any]) -> None:
        self.savepoints = savepoints
        self.notes = notes

    def __call__(self) -> None:
        """Do nothing: the savepoint was committed."""


class Savepoints:
    """Keeps attributes of an object in step with the savepoints of a transaction.

    Args:
        notes: The object.
        names: Names of its attributes: flags, and collections that are changed in place.
        using: Alias of the database.
    """

    def __init__(self, notes: Any, names: Sequence[str], using: str) -> None:
        """Take nothing back of what was noted before."""
        self._notes = notes
        self._names = names
        self._using = using
        self._outermost = self._current()
        self._marks: list[_Mark] = []

    def _current(self) -> tuple[str | None, ...]:
        return tuple(connections[self._using].savepoint_ids)

    def mark(self) -> None:
        """Remember how it is before the first note in a savepoint."""
        self.take_back()
        savepoints = self._current()
        marked = self._marks[-1].savepoints if self._marks else self._outermost
        if savepoints != marked:
            notes = {name: copy.copy(getattr(self._notes, name)) for name in self._names}
            self._marks.append(_Mark(savepoints, notes))
            transaction.on_commit(self._marks[-1], using=self._using)

    def take_back(self) -> None:
        """Put back what was there before the oldest savepoint that was rolled back since."""
        if not self._marks:
            return
        hooks = {id(hook[1]) for hook in connections[self._using].run_on_commit}
        for index, mark in enumerate(self._marks):
            if id(mark) not in hooks:
                vars(self._notes).update(mark.notes)
                del self._marks[index:]
                return
