"""What a stretch of work has cost: CPU, by the operating system, and statements, by PostgreSQL."""

from dataclasses import dataclass

import psutil

#: PostgreSQL's name for the statements that begin and end transactions.
CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "START")


def cpu_seconds(*pids):
    """Return the CPU time that these processes have used, with all that they started."""
    return sum(_of_tree(pid) for pid in pids)


def _of_tree(pid):
    process = psutil.Process(pid)
    total = 0.0
    for part in [process, *process.children(recursive=True)]:
        try:
            times = part.cpu_times()
        except psutil.NoSuchProcess:
            continue  # its parent has counted it by now
        total += times.user + times.system + times.children_user + times.children_system
    return total


@dataclass(frozen=True)
class Statements:
    """How many statements somebody has sent.

    Args:
        data: Statements that read or write.
        control: Statements that begin or end a transaction or savepoint.
    """

    data: int
    control: int


class Statistics:
    """The statistics of a database, by `pg_stat_statements`.

    Args:
        connection: A connection to the database.
        user: The role whose statements count.
    """

    def __init__(self, connection, user):
        self.connection = connection
        self.user = user
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

    def reset(self):
        """Begin to count."""
        self.connection.execute("SELECT pg_stat_statements_reset()")

    def read(self):
        """Return what was counted."""
        data = control = 0
        for text, calls in self._rows():
            if text.split()[0].upper().rstrip(";") in CONTROL:
                control += calls
            else:
                data += calls
        return Statements(data, control)

    def _rows(self):
        return self.connection.execute(
            "SELECT query, calls FROM pg_stat_statements"
            " JOIN pg_roles ON pg_roles.oid = userid"
            " JOIN pg_database ON pg_database.oid = dbid"
            " WHERE rolname = %s AND datname = current_database()",
            [self.user],
        ).fetchall()
