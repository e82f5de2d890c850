"""What the database has really committed; who dies at a commit, who gets in before a BEGIN."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Fact = Callable[[], None]


class Killed(BaseException):
    """The worker, or whoever acts, is gone: nothing after it happens."""


@dataclass(frozen=True)
class Crash:
    """Somebody dies at a commit.

    Args:
        commit: At which one of the action, from 0.
        kept: It was committed, and only what comes after it is lost.
    """

    commit: int = 0
    kept: bool = False


class Ledger:
    """Keeps what an action has done in a transaction until that is committed, or forgets it.

    Args:
        connection: The connection of the tests.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.crash: Crash | None = None
        self.visitors: dict[int, Callable[[], None]] = {}
        self.commits = self.begins = 0
        self._facts: list[Fact] = []
        self._failures: list[Fact] = []

    def note(self, fact: Fact) -> None:
        """Let this be so when the open transaction is committed."""
        self._facts.append(fact)

    def note_failure(self, fact: Fact) -> None:
        """Let this be so when the transaction after the open one, which fails, is committed."""
        self._failures.append(fact)

    @contextmanager
    def action(self, crash: Crash | None = None, visitors=None):
        """Open the block in which one actor acts.

        Args:
            crash: When the actor dies.
            visitors: What somebody else does before the actor's transactions, by their number.
        """
        outer = vars(self).copy()
        self.crash, self.visitors = crash, dict(visitors or {})
        self.commits = self.begins = 0
        self._facts, self._failures = [], []
        try:
            yield
        finally:
            vars(self).update(outer)

    @contextmanager
    def installed(self):
        """Watch the connection in this block."""
        patches = {
            "commit": self._commit,
            "rollback": self._rollback,
            "set_autocommit": self._set_autocommit,
        }
        vars(self.connection).update(patches)
        try:
            yield self
        finally:
            for name in patches:
                del vars(self.connection)[name]

    def _set_autocommit(self, autocommit: bool, *args: Any, **options: Any) -> None:
        if not autocommit:
            visitor = self.visitors.pop(self.begins, None)
            self.begins += 1
            if visitor is not None:
                visitor()
        type(self.connection).set_autocommit(self.connection, autocommit, *args, **options)

    def _commit(self) -> None:
        dies = self.crash is not None and self.crash.commit == self.commits
        self.commits += 1
        if dies and not self.crash.kept:
            self._rollback()
            raise Killed
        type(self.connection).commit(self.connection)
        facts, self._facts = self._facts, []
        for fact in facts:
            fact()
        if dies:
            self.connection.run_on_commit = []
            raise Killed

    def _rollback(self) -> None:
        type(self.connection).rollback(self.connection)
        self._facts, self._failures = self._failures, []
