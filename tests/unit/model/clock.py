"""A clock that stands still: it goes on by a millisecond per statement, and when it is told to."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest import mock

from joeflow.clock import DatabaseNow
from joeflow.prepared import Parameter, _Statement
from tests.anew import write_anew

BEGIN = datetime(2040, 1, 1, tzinfo=UTC)
TICK = 0.001
#: How to say that a parameter is an instant, where the database does not see it.
CASTS = {"postgresql": "CAST(%s AS timestamptz)", "mysql": "CAST(%s AS datetime(6))"}


class Clock:
    """The database's clock, and that of a server, which may go wrong.

    Args:
        ahead: How many seconds the server's clock is ahead of the database's.
    """

    def __init__(self, ahead: float = 0) -> None:
        self.now = 0.0
        self.ahead = ahead
        self.steps = 0
        self._statement = None

    def seconds(self, instant: datetime | None) -> float | None:
        """Return an instant as seconds since the beginning."""
        return None if instant is None else (instant - BEGIN).total_seconds()

    def _server_now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.now + self.ahead)

    def _monotonic(self) -> float:
        """Count the looks at the watch, so that a worker stays for so many tasks."""
        self.steps += 1
        return float(self.steps)

    def _as_sql(self, expression, compiler, connection, *args, **extra):
        if self._statement is not compiler.query:
            self._statement = compiler.query
            self.now += TICK
        now = BEGIN + timedelta(seconds=self.now)

        def adapt(offset):
            return (
                offset if offset is None else connection.ops.adapt_datetimefield_value(now + offset)
            )

        offset = expression.offset
        is_given_later = isinstance(offset, Parameter)
        value = Parameter(offset.name, adapt) if is_given_later else adapt(offset)
        return CASTS.get(connection.vendor, "%s"), [value]

    @contextmanager
    def installed(self):
        """Let the database, the server and the engine read this clock."""

        def as_sql(expression, compiler, connection, *args, **extra):
            return self._as_sql(expression, compiler, connection)

        watch = SimpleNamespace(monotonic=self._monotonic)
        with (
            mock.patch.multiple(DatabaseNow, as_sql=as_sql, as_sqlite=as_sql, as_mysql=as_sql),
            # A statement that was written before says what time it was then.
            mock.patch.object(_Statement, "_find", write_anew),
            mock.patch("django.utils.timezone.now", self._server_now),
            mock.patch("joeflow.visits.time", watch),
        ):
            yield self
