"""What PostgreSQL does, and what it must not do."""

import threading

import pytest
from django.db import IntegrityError, connection

from joeflow import engine
from joeflow.models import Task
from joeflow.transitions import transition
from tests.integration.conftest import LIMIT
from tests.testapp.models import Chain, Failing, SplitJoin


def add_task(workflow):
    return Task.objects.create(name="third", type="human", workflow=workflow)


def test_an_insert_that_points_at_the_instance_does_not_wait_for_a_running_node(threads, hold):
    workflow = Chain.start()
    hold(workflow)

    done = threads.start(add_task, workflow)

    assert done.result(LIMIT).pk


def test_two_nodes_that_insert_what_points_at_each_other_do_not_deadlock(threads):
    one, two = Chain.start(), Chain.start()
    barrier = threading.Barrier(2)

    def work(workflow, other):
        with transition(Task, workflow.pk):
            barrier.wait(LIMIT)
            add_task(other)
            barrier.wait(LIMIT)

    futures = [threads.start(work, one, two), threads.start(work, two, one)]

    for future in futures:
        future.result(LIMIT)
    assert Task.objects.filter(name="third").count() == 2


def test_an_error_that_the_database_tells_at_commit_is_a_failure(transactional_db, behave):
    def point_nowhere(workflow):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE joeflow_task SET content_type_id = 999999 WHERE name = 'start'")

    behave(Failing, point_nowhere)
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")

    with pytest.raises(IntegrityError):
        engine.run(task.pk, workflow.pk)

    task.refresh_from_db()
    assert task.status == Task.FAILED
    assert "IntegrityError" in task.exception


def test_a_connection_that_is_cut_brings_the_message_back(threads, behave):
    def cut(workflow):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    behave(Failing, cut)
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")

    come_back = threads.start(engine.run, task.pk, workflow.pk).result(LIMIT)

    assert (come_back.bounces, come_back.errors) == (0, 1)
    task.refresh_from_db()
    assert task.status == Task.SCHEDULED
    assert Failing.objects.get().text == ""


def test_the_worker_goes_on_after_its_connection_was_cut(threads, behave):
    cuts = []

    def cut_once(workflow):
        if not cuts:
            cuts.append(1)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    behave(Failing, cut_once)
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")

    def work():
        come_back = engine.run(task.pk, workflow.pk)
        return engine.run(task.pk, workflow.pk, errors=come_back.errors)

    assert threads.start(work).result(LIMIT) is None
    task.refresh_from_db()
    assert task.status == Task.SUCCEEDED


@pytest.fixture
def prepared_statements(transactional_db):
    """Let PostgreSQL prepare each statement at once, as the documentation shows it."""
    options = connection.settings_dict["OPTIONS"]
    before = dict(options)
    connection.close()
    options.update(server_side_binding=True, prepare_threshold=0)
    yield
    connection.close()
    options.clear()
    options.update(before)


def test_all_statements_of_a_transition_can_be_prepared(prepared_statements):
    for _ in range(2):
        workflow = SplitJoin.start()
        engine.run(workflow.task_set.get(name="split").pk, workflow.pk)

        assert workflow.task_set.succeeded().count() == workflow.task_set.count()

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%task%'")
        assert cursor.fetchone()[0] >= 5
