"""The database's clock: what is due is judged by it, whatever the clocks of the servers say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import DateTimeField, Func

from joeflow.prepared import Parameter, utc_offset

__all__ = ("DatabaseNow",)


class DatabaseNow(Func):
    """The instant at which the statement runs, as Django stores instants in this database.

    ``Now`` of Django is not enough: on MariaDB and SQLite it gives the server's zone or UTC,
    whatever ``USE_TZ`` says.

    Args:
        offset: Elapsed time to add; may be negative. Or a parameter for it, which may be None: then
            there is no instant.
    """

    arity = 0
    output_field = DateTimeField()

    def __init__(self, offset: timedelta | Parameter = timedelta(0)) -> None:
        """Keep the offset, which becomes a parameter of the statement."""
        self.offset = offset
        super().__init__()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        """Write the expression for PostgreSQL, whose session runs in Django's time zone."""
        if self.offset == timedelta(0):
            return "STATEMENT_TIMESTAMP()", []
        sql = "(STATEMENT_TIMESTAMP() + %s * INTERVAL '1 second')"
        return sql, [self._adapted(timedelta.total_seconds)]

    def as_mysql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Write the expression for MariaDB."""

        def microseconds(offset: timedelta) -> int:
            return (offset + utc_offset(connection)) // timedelta(microseconds=1)

        return "(UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND)", [self._adapted(microseconds)]

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Write the expression for SQLite, in the text form that Django stores."""

        def seconds(offset: timedelta) -> str:
            return f"{(offset + utc_offset(connection)).total_seconds():+.6f} seconds"

        text = "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now', %s) || '000'"
        return f"REPLACE({text}, '.000000', '')", [self._adapted(seconds)]

    def _adapted(self, adapt: Callable[[timedelta], Any]) -> Any:
        if isinstance(self.offset, Parameter):
            return Parameter(
                self.offset.name, lambda value: None if value is None else adapt(value)
            )
        return adapt(self.offset)
