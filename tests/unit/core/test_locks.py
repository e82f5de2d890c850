"""The lock: what counts as taken, and what the transaction remembers."""

import sqlite3
from unittest import mock

import pytest
from django.db import OperationalError, connection, connections, transaction

from joeflow import engine
from joeflow.exceptions import InstanceLocked
from joeflow.locks import holds_lock, lock_instance, taken_as_instance_locked
from joeflow.models import Task
from joeflow.transitions import transition
from tests.testapp.models import Chain, Failing


class PostgresqlError(Exception):
    def __init__(self, sqlstate=None, pgcode=None):
        if sqlstate:
            self.sqlstate = sqlstate
        self.pgcode = pgcode


def database_error(*args, cause=None):
    error = OperationalError(*args)
    error.__cause__ = cause
    return error


class TestTaken:
    @pytest.mark.parametrize(
        ("vendor", "error"),
        [
            ("postgresql", database_error(cause=PostgresqlError("55P03"))),
            ("postgresql", database_error(cause=PostgresqlError("40P01"))),
            ("postgresql", database_error(cause=PostgresqlError(pgcode="55P03"))),
            ("mysql", database_error(1205, "Lock wait timeout exceeded")),
            ("mysql", database_error(1213, "Deadlock found")),
            ("mysql", database_error(3572, "NOWAIT is set")),
            ("sqlite", database_error("database is locked")),
            ("sqlite", database_error("database table is locked: joeflow_task")),
        ],
    )
    def test_these_errors_say_that_somebody_else_has_it(self, vendor, error):
        with (
            mock.patch.object(connections["default"], "vendor", vendor),
            pytest.raises(InstanceLocked) as locked,
            taken_as_instance_locked("default"),
        ):
            raise error

        assert locked.value.__cause__ is error

    @pytest.mark.parametrize(
        ("vendor", "error"),
        [
            ("postgresql", database_error(cause=PostgresqlError("57P01"))),
            ("postgresql", database_error("no cause")),
            ("mysql", database_error(2006, "gone away")),
            ("mysql", database_error()),
            ("sqlite", database_error("no such table: joeflow_workflow")),
        ],
    )
    def test_other_errors_stay_what_they_are(self, vendor, error):
        with (
            mock.patch.object(connections["default"], "vendor", vendor),
            pytest.raises(OperationalError),
            taken_as_instance_locked("default"),
        ):
            raise error


@pytest.mark.django_db(transaction=True)
class TestRemembered:
    def test_a_lock_is_held_to_the_end_of_the_transaction(self):
        workflow = Chain.start()

        with transaction.atomic():
            assert lock_instance(workflow.pk, "default", wait=True) is True
            assert holds_lock(workflow.pk, "default")
            assert holds_lock(None, "default")
            assert not holds_lock(workflow.pk + 1, "default")

        assert not holds_lock(None, "default")

    def test_a_savepoint_that_is_rolled_back_gives_it_back(self):
        workflow = Chain.start()

        with transaction.atomic():
            with transaction.atomic():
                lock_instance(workflow.pk, "default", wait=True)
                transaction.set_rollback(True)

            assert not holds_lock(workflow.pk, "default")

    def test_an_instance_that_is_gone_cannot_be_locked(self):
        with transaction.atomic():
            assert lock_instance(999, "default", wait=True) is False
            assert not holds_lock(999, "default")

    def test_somebody_who_creates_an_instance_holds_it(self):
        with transaction.atomic():
            workflow = Chain.start()

            assert holds_lock(workflow.pk, "default")


@pytest.mark.django_db(transaction=True)
class TestBlocks:
    def test_a_block_in_a_block_is_a_part_of_it(self):
        workflow = Chain.start()

        with transition(Task, workflow.pk) as outer, transition(Task, workflow.pk) as inner:
            assert inner is outer

    def test_a_block_of_another_instance_is_another_one(self):
        one, two = Chain.start(), Chain.start()

        with transition(Task, one.pk) as outer, transition(Task, two.pk) as inner:
            assert inner is not outer

    def test_after_an_error_the_block_is_over(self):
        workflow = Chain.start()
        with pytest.raises(ZeroDivisionError), transition(Task, workflow.pk) as first:
            raise ZeroDivisionError

        with transition(Task, workflow.pk) as second:
            assert second is not first

    def test_an_error_rolls_all_of_it_back(self, handed_out):
        workflow = Chain.start()
        task = workflow.task_set.get(name="first")
        handed_out.clear()

        with transition(Task, workflow.pk):
            task.finish()
            task.start_next_tasks()
            transaction.set_rollback(True)

        assert Task.objects.get(pk=task.pk).status == Task.SCHEDULED
        assert not Task.objects.filter(name="second").exists()
        assert handed_out == []

    def test_a_worker_s_block_is_the_outermost_one(self):
        workflow = Chain.start()
        task = workflow.task_set.get(name="first")

        with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
            engine.run(task.pk, workflow.pk)

    def test_starting_another_workflow_in_a_node_is_a_part_of_its_transaction(self, behave):
        def start_and_fail(workflow):
            Chain.start(text="begun by a node")
            raise ValueError("too late")

        behave(Failing, start_and_fail)
        workflow = Failing.start()
        task = workflow.task_set.get(name="work")

        with pytest.raises(ValueError, match="too late"):
            engine.run(task.pk, workflow.pk)

        assert not Chain.objects.exists()

    def test_what_a_node_starts_is_handed_out_after_its_commit(self, behave, handed_out):
        behave(Failing, lambda workflow: Chain.start() and None)
        workflow = Failing.start()
        task = workflow.task_set.get(name="work")
        handed_out.clear()

        engine.run(task.pk, workflow.pk)

        assert [call.task_pk for call in handed_out] == [Task.objects.get(name="first").pk]


@pytest.mark.django_db(transaction=True)
def test_an_sqlite_that_somebody_else_writes_to_counts_as_locked(settings):
    if connection.vendor != "sqlite":
        return  # it locks rows
    workflow = Chain.start()
    task = workflow.task_set.get(name="first")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 10")
    try:
        with pytest.raises(InstanceLocked):
            task.finish()
        come_back = engine.run(task.pk, workflow.pk)
    finally:
        other.close()
        connection.close()

    assert (come_back.bounces, come_back.errors) == (1, 0)
    task.finish()
