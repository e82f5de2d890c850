"""What MariaDB does, and what it must not do."""

import threading
from contextlib import suppress

from django.db import OperationalError, connection, transaction

from joeflow import engine
from joeflow.models import Task
from tests.integration.conftest import LIMIT
from tests.testapp.models import Chain, Failing


def write(pk, text):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE testapp_chain SET text = %s WHERE workflow_ptr_id = %s", [text, pk])


def test_a_deadlock_that_the_node_catches_must_not_commit(threads, behave):
    """MariaDB rolls the whole transaction back: what is written later is in another one."""
    one, two = Chain.start(), Chain.start()
    many = [Chain.start() for _ in range(20)]
    barrier = threading.Barrier(2)
    deadlocks = []

    def work(workflow):
        write(one.pk, "node")
        barrier.wait(LIMIT)
        try:
            write(two.pk, "node")
        except OperationalError as error:
            deadlocks.append(error.args[0])
        Failing.objects.filter(pk=workflow.pk).update(text="after the deadlock")

    def other():
        # It has written more, so that the node is the victim.
        with transaction.atomic():
            for workflow in many:
                write(workflow.pk, "other")
            write(two.pk, "other")
            barrier.wait(LIMIT)
            with suppress(OperationalError):
                write(one.pk, "other")

    behave(Failing, work)
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")
    futures = [threads.start(engine.run, task.pk, workflow.pk), threads.start(other)]

    come_back = futures[0].result(LIMIT)
    futures[1].result(LIMIT)

    assert deadlocks == [1213]
    assert (come_back.bounces, come_back.errors) == (0, 1)
    task.refresh_from_db()
    assert task.status == Task.SCHEDULED
    assert Failing.objects.get().text == ""
    assert not Task.objects.filter(name="end").exists()


def test_a_connection_that_is_cut_brings_the_message_back(threads, behave):
    def cut(workflow):
        with connection.cursor() as cursor:
            cursor.execute("KILL CONNECTION_ID()")

    behave(Failing, cut)
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")

    come_back = threads.start(engine.run, task.pk, workflow.pk).result(LIMIT)

    assert (come_back.bounces, come_back.errors) == (0, 1)
    task.refresh_from_db()
    assert task.status == Task.SCHEDULED
