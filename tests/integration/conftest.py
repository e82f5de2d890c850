"""What the tests with real connections share."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from tests.unit.core.conftest import behave, handed_out, statements

__all__ = ("behave", "handed_out", "statements")

# What only one of the databases can do stands in a file of that name.
_DATABASE = os.environ.get("JOEFLOW_TEST_DATABASE", "sqlite")
collect_ignore = [
    f"test_{name}.py" for name in ("postgresql", "mariadb") if _DATABASE not in {"sqlite", name}
]

#: How long anything may take; nothing waits as long unless it hangs.
LIMIT = 60

_WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity "
    "WHERE wait_event_type = 'Lock' AND datname = current_database()",
    "mysql": "SELECT count(*) FROM information_schema.innodb_trx "
    "JOIN information_schema.processlist ON trx_mysql_thread_id = id "
    "WHERE trx_state = 'LOCK WAIT' AND db = database()",
}


def count_blocked(connection):
    """Return how many transactions wait for a lock of the database."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING[connection.vendor])
        return cursor.fetchone()[0]


class Threads:
    """Functions that run beside the test, each with a connection of its own."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(max_workers=16)
        self.events = []

    def start(self, function, *args, **kwargs):
        """Run a function in a thread, and return its future."""

        def run():
            try:
                return function(*args, **kwargs)
            finally:
                connections.close_all()

        return self.pool.submit(run)

    def run_all(self, functions):
        """Run functions at the same time, and return what they returned."""
        functions = list(functions)
        barrier = threading.Barrier(len(functions))

        def meet(function):
            barrier.wait(LIMIT)
            return function()

        futures = [self.start(meet, function) for function in functions]
        return [future.result(LIMIT) for future in futures]

    def event(self):
        """Return an event that is set at the end of the test, whatever happens."""
        event = threading.Event()
        self.events.append(event)
        return event

    def wait_until_blocked(self):
        """Return as soon as somebody waits for a lock of the database."""
        self.wait_until(lambda: count_blocked(connection))

    def wait_until(self, somebody_waits):
        """Return as soon as somebody waits."""
        until = time.monotonic() + LIMIT
        while not somebody_waits():
            assert time.monotonic() < until, "nobody waits for a lock"
            time.sleep(0.2)  # MariaDB tells nothing new to whoever asks all the time


@pytest.fixture
def threads(transactional_db):
    """Return what runs functions in threads."""
    threads = Threads()
    yield threads
    for event in threads.events:
        event.set()
    threads.pool.shutdown(wait=True)


@pytest.fixture
def hold(threads):
    """Return a function that has somebody else hold an instance, until the event is set."""
    from joeflow.models import Task
    from joeflow.transitions import transition

    def hold_instance(workflow):
        held, release = threads.event(), threads.event()

        def work():
            with transition(Task, workflow.pk):
                held.set()
                release.wait(LIMIT)

        future = threads.start(work)
        assert held.wait(LIMIT)
        release.done = future
        return release

    return hold_instance
