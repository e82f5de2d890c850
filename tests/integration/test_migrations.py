"""Tables are changed beside workers that go on, also beside a task that runs for long."""

from unittest import mock

import pytest
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, transaction

from joeflow import operations
from tests.integration.conftest import LIMIT

NEVER = {
    "postgresql": ("SET lock_timeout = 0", "RESET lock_timeout"),
    "mysql": ("SET SESSION lock_wait_timeout = 86400", "SET @nothing = 1"),
}
#: Whoever reads or writes meanwhile gives up after seconds that are more than a migration takes.
IMPATIENT = {
    "postgresql": "SET lock_timeout = '5s'",
    "mysql": "SET SESSION lock_wait_timeout = 5",
}
BLOCKED = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity "
    "WHERE wait_event_type = 'Lock' AND datname = current_database()",
    "mysql": "SELECT count(*) FROM information_schema.processlist "
    "WHERE state LIKE '%%metadata lock%%' AND db = database()",
}
#: From one migration to the next, and the tables that it changes.
STEPS = [("0001", "0002"), ("0002", "0003"), ("0003", "0004")]


def migrate(name):
    call_command("migrate", "joeflow", name, verbosity=0)


@pytest.fixture
def at(transactional_db):
    """Return a function that goes back to an earlier migration."""
    yield migrate
    migrate("0004")


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def columns():
    with connection.cursor() as cursor:
        table = connection.introspection.get_table_description(cursor, "joeflow_task")
    return {column.name for column in table}


def run_task(running, end):
    """Hold a transaction that has used the table, as a task does that runs for long."""
    with transaction.atomic():
        execute("UPDATE joeflow_task SET name = name WHERE id = 0")
        running.set()
        end.wait(LIMIT)


def work_meanwhile():
    execute(IMPATIENT[connection.vendor])
    execute("SELECT count(*) FROM joeflow_task")
    execute("UPDATE joeflow_task SET name = name WHERE id = 1")


@pytest.fixture
def migrating(at, threads):
    """Return a function that starts a migration beside a running task, until the event is set."""

    def begin(before, after):
        at(before)
        running, end = threads.event(), threads.event()
        threads.start(run_task, running, end)
        assert running.wait(LIMIT)
        future = threads.start(migrate, after)
        threads.wait_until(lambda: execute(BLOCKED[connection.vendor])[0][0])
        return future, end

    return begin


@pytest.mark.parametrize(("before", "after"), STEPS)
def test_nobody_waits_behind_a_migration(threads, migrating, before, after):
    future, end = migrating(before, after)

    threads.start(work_meanwhile).result(LIMIT)

    assert not future.done()
    end.set()
    assert future.result(LIMIT) is None


@pytest.mark.parametrize(("before", "after"), STEPS)
def test_nobody_waits_behind_a_migration__without_protection(
    threads, migrating, monkeypatch, before, after
):
    monkeypatch.setattr(operations, "_WITH_LOCK_TIMEOUT", NEVER)
    monkeypatch.setattr(operations, "_concurrently", lambda schema_editor: {})
    future, end = migrating(before, after)
    working = threads.start(work_meanwhile)

    with pytest.raises(DatabaseError):
        working.result(LIMIT)

    end.set()
    assert future.result(LIMIT) is None


def test_a_migration_that_finds_no_gap_says_so_and_can_be_repeated(threads, migrating):
    with mock.patch.object(operations, "PATIENCE", 0):
        future, end = migrating("0001", "0002")
        with pytest.raises(OperationalError, match="run migrate again"):
            future.result(LIMIT)
    assert "eta" not in columns()

    end.set()
    threads.start(migrate, "0002").result(LIMIT)

    assert "eta" in columns()
