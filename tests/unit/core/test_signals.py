"""Signals and log lines: after commit, whatever the receivers do."""

import logging

import pytest
from django.db import transaction

from joeflow import engine
from joeflow.models import Task
from joeflow.signals import task_failed, task_succeeded, workflow_ended
from tests.testapp.models import Chain, ContractProxy, Failing, Invoice

pytestmark = pytest.mark.django_db(transaction=True)

SIGNALS = {
    "task_succeeded": task_succeeded,
    "task_failed": task_failed,
    "workflow_ended": workflow_ended,
}


@pytest.fixture
def sent():
    """Return the list of signals that were sent: name, sender and arguments."""
    sent, receivers = [], []
    for label, signal in SIGNALS.items():

        def receive(sender, signal, label=label, **arguments):
            sent.append((label, sender, arguments))

        signal.connect(receive)
        receivers.append((signal, receive))
    yield sent
    for signal, receive in receivers:
        signal.disconnect(receive)


def names(sent):
    return [name for name, sender, arguments in sent]


def test_a_task_that_succeeds(sent):
    workflow = Chain.start()
    task = workflow.task_set.get(name="first")
    sent.clear()

    engine.run(task.pk, workflow.pk, stay=False)

    arguments = {
        "task_pk": task.pk,
        "workflow_pk": workflow.pk,
        "name": "first",
        "using": "default",
    }
    assert sent == [("task_succeeded", Chain, arguments)]


def test_a_task_that_fails(sent, behave):
    behave(Failing, lambda workflow: 1 / 0)
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")
    sent.clear()

    with pytest.raises(ZeroDivisionError):
        engine.run(task.pk, workflow.pk)

    arguments = {
        "task_pk": task.pk,
        "workflow_pk": workflow.pk,
        "name": "work",
        "using": "default",
    }
    assert sent == [("task_failed", Failing, arguments)]


def test_an_instance_that_ends(sent):
    workflow = Chain.start()
    task = workflow.task_set.get(name="first")

    engine.run(task.pk, workflow.pk)

    arguments = {"workflow_pk": workflow.pk, "using": "default"}
    assert sent[-1] == ("workflow_ended", Chain, arguments)
    assert names(sent) == [*["task_succeeded"] * 4, "workflow_ended"]


def test_an_instance_ends_once(sent):
    workflow = Chain.start()
    workflow.cancel()
    workflow.cancel()
    Task.objects.all().cancel()

    assert names(sent) == ["task_succeeded", "workflow_ended"]


def test_an_instance_that_is_canceled_ends_with_its_class_as_sender(sent):
    Invoice.start().cancel()

    assert sent[-1][:2] == ("workflow_ended", Invoice)


def test_the_sender_is_the_proxy(sent):
    ContractProxy.start()

    assert [sender for name, sender, arguments in sent] == [ContractProxy]


def test_completing_and_failing_by_hand(sent):
    first = Chain.start().task_set.get(name="first")
    first.fail()
    first.finish()

    assert names(sent) == ["task_succeeded", "task_failed", "task_succeeded", "workflow_ended"]


def test_they_are_sent_after_the_commit(sent):
    with transaction.atomic():
        Chain.start()
        assert sent == []

    assert names(sent) == ["task_succeeded"]


def test_they_are_not_sent_after_a_rollback(sent):
    with transaction.atomic():
        Chain.start()
        transaction.set_rollback(True)

    assert sent == []


def test_a_receiver_that_raises_is_logged_and_changes_nothing(caplog, handed_out):
    def receive(**arguments):
        raise ValueError("receiver")

    task_succeeded.connect(receive)
    try:
        workflow = Chain.start()
        engine.run(workflow.task_set.get(name="first").pk, workflow.pk)
    finally:
        task_succeeded.disconnect(receive)

    assert Chain.objects.get().text == "123"
    assert "receiver" in caplog.text


class TestLog:
    def lines(self, caplog):
        return [record.message for record in caplog.records if record.name == "joeflow"]

    @pytest.fixture(autouse=True)
    def log(self, caplog):
        caplog.set_level(logging.INFO, "joeflow")

    def test_each_transition_of_a_worker_is_one_line(self, caplog):
        workflow = Chain.start()
        caplog.clear()
        task = workflow.task_set.get(name="first")

        engine.run(task.pk, workflow.pk, stay=False)

        assert self.lines(caplog) == [
            (
                f"event=task_succeeded workflow=testapp.Chain workflow_pk={workflow.pk} "
                f"task_pk={task.pk} name=first next=second"
            ),
        ]

    def test_a_failure(self, caplog, behave):
        behave(Failing, lambda workflow: 1 / 0)
        workflow = Failing.start()
        task = workflow.task_set.get(name="work")
        caplog.clear()

        with pytest.raises(ZeroDivisionError):
            engine.run(task.pk, workflow.pk)

        assert self.lines(caplog) == [
            (
                f"event=task_failed workflow=testapp.Failing workflow_pk={workflow.pk} "
                f"task_pk={task.pk} name=work exception='ZeroDivisionError: division by zero'"
            ),
        ]

    def test_a_cancellation(self, caplog, django_user_model):
        user = django_user_model.objects.create(username="joe")
        workflow = Chain.start()
        task = workflow.task_set.get(name="first")
        caplog.clear()

        workflow.cancel(user)

        assert self.lines(caplog) == [
            (
                f"event=tasks_canceled workflow=testapp.Chain workflow_pk={workflow.pk} "
                f"task_pks={task.pk} user={user.pk}"
            ),
            f"event=workflow_ended workflow=testapp.Chain workflow_pk={workflow.pk}",
        ]

    def test_a_rerun(self, caplog):
        workflow = Chain.start()
        task = workflow.task_set.get(name="first")
        caplog.clear()

        task.enqueue()

        assert self.lines(caplog) == [
            (
                f"event=task_enqueued workflow=testapp.Chain workflow_pk={workflow.pk} "
                f"task_pk={task.pk} name=first"
            ),
        ]

    def test_not_yet(self, caplog, behave):
        behave(Failing, lambda workflow: False)
        workflow = Failing.start()
        task = workflow.task_set.get(name="work")
        caplog.clear()

        engine.run(task.pk, workflow.pk)

        assert self.lines(caplog) == [f"event=not_yet task=work ({task.pk}) again_in=1.0"]
