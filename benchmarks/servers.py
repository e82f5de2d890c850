"""Servers of our own, set as a careful operator would set them."""

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers import PostgreSQL, Redis

#: The role of the workers, whose statements are counted; the drivers have another one.
WORKER, DRIVER = "worker", "driver"


class BenchPostgreSQL(PostgreSQL):
    """PostgreSQL that loses nothing in a power cut, and counts statements."""

    settings = PostgreSQL.settings | {
        "fsync": "on",
        "shared_buffers": "1GB",
        "max_wal_size": "4GB",
        "shared_preload_libraries": "pg_stat_statements",
        "pg_stat_statements.track_utility": "on",
        "log_min_messages": "warning",
    }

    def add_roles(self):
        """Make the roles of workers and drivers."""
        with self.connect("postgres") as connection:
            for role in (WORKER, DRIVER):
                connection.execute(f"CREATE ROLE {role} SUPERUSER LOGIN")


class Servers:
    """The servers of one run.

    Args:
        folder: Where they keep their data.
    """

    def __init__(self, folder):
        self.folder = folder
        self.database = BenchPostgreSQL(folder)
        self.broker = Redis(folder)

    @property
    def pids(self):
        """The keys of their first processes."""
        return (self.database.process.pid, self.broker.process.pid)


@contextmanager
def running_servers():
    """Start a database and a broker, and end them at the end of the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="joeflow-bench-")))
        folder.chmod(0o755)  # so that the user of PostgreSQL finds its own folder
        servers = Servers(folder)
        for server in (servers.database, servers.broker):
            stack.callback(server.stop)
            server.start()
        servers.database.add_roles()
        yield servers
