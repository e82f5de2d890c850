"""What happens in a savepoint that is rolled back has not happened."""

from contextlib import contextmanager

import pytest
from django.db import transaction

from joeflow import engine
from joeflow.models import Task
from joeflow.signals import task_succeeded
from joeflow.transitions import transition
from tests.testapp.models import Chain, Gateway

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def rolled_back():
    """A savepoint that is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def succeeded():
    """The keys of the tasks of which the signal has told."""
    keys = []

    def note(task_pk, **_):
        keys.append(task_pk)

    task_succeeded.connect(note)
    yield keys
    task_succeeded.disconnect(note)


def test_it_is_told_to_nobody(succeeded, handed_out):
    chain = Chain.start()
    task = chain.task_set.get(name="first")
    del succeeded[:], handed_out[:]

    with transition(Task, chain.pk), rolled_back():
        task.finish()
        task.start_next_tasks()

    assert succeeded == []
    assert handed_out == []
    task = chain.task_set.get(name="first")
    assert task.status == Task.SCHEDULED


def test_what_comes_before_and_after_it_is_told(succeeded, handed_out):
    chain = Chain.start()
    first = chain.task_set.get(name="first")
    del succeeded[:], handed_out[:]

    with transition(Task, chain.pk):
        first.finish()
        with rolled_back():
            first.start_next_tasks()
        [second] = first.start_next_tasks()
        with transaction.atomic():
            second.finish()

    assert succeeded == [first.pk, second.pk]
    assert [call.task_pk for call in handed_out] == [second.pk]


def test_a_savepoint_around_two__takes_back_both(succeeded):
    chain = Chain.start()
    first = chain.task_set.get(name="first")
    del succeeded[:]

    with transition(Task, chain.pk), rolled_back():
        with transaction.atomic():
            first.finish()
        with rolled_back():
            first.start_next_tasks()
        [second] = first.start_next_tasks()
        second.finish()

    assert succeeded == []
    assert list(chain.task_set.open().values_list("name", flat=True)) == ["first"]


def test_tasks_that_were_started_in_it__do_not_keep_the_instance_from_its_end(behave):
    def start_and_regret(workflow):
        with rolled_back():
            aside = Task(name="aside", type="machine", workflow=workflow)
            aside.finish()
            aside.start_next_tasks([Gateway.right])
        return []

    behave(Gateway, start_and_regret)
    workflow = Gateway.start()

    engine.run(workflow.task_set.get(name="choose").pk, workflow.pk)

    workflow.refresh_from_db()
    assert workflow._ended is not None
