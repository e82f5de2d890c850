"""The database's clock: what is due is judged by it, whatever the clocks of the servers say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Func
from django.utils import timezone

__all__ = ("DatabaseNow",)


class DatabaseNow(Func):
    """The instant at which the statement runs, as Django stores instants in this database.

    ``Now`` of Django is not enough: on MariaDB and SQLite it gives the server's zone or UTC,
    whatever ``USE_TZ`` says.

    Args:
        offset: Elapsed time to add; may be negative.
    """

    arity = 0
    output_field = DateTimeField()

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        """Keep the offset, which becomes a parameter of the statement."""
        self.offset = offset
        super().__init__()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        """Write the expression for PostgreSQL, whose session runs in Django's time zone."""
        return "(STATEMENT_TIMESTAMP() + %s * INTERVAL '1 second')", [self.offset.total_seconds()]

    def as_mysql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Write the expression for MariaDB."""
        microseconds = self._from_utc(connection) // timedelta(microseconds=1)
        return "(UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND)", [microseconds]

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Write the expression for SQLite, in the text form that Django stores."""
        seconds = self._from_utc(connection).total_seconds()
        text = "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now', %s) || '000'"
        return f"REPLACE({text}, '.000000', '')", [f"{seconds:+.6f} seconds"]

    def _from_utc(self, connection: Any) -> timedelta:
        # The zone of the database (UTC) or, without USE_TZ, the naive local time of TIME_ZONE.
        here = connection.timezone or timezone.get_default_timezone()
        return self.offset + (datetime.now(here).utcoffset() or timedelta(0))
