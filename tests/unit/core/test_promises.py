"""Promises that are easily broken where two things meet."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from joeflow import dispatch, engine, tasks
from joeflow.clock import DatabaseNow
from joeflow.exceptions import JoeflowError
from joeflow.models import Task, Workflow
from joeflow.signals import workflow_ended
from joeflow.transitions import transition
from tests.testapp.models import Chain, Gateway, GreetingWorkflow, Hooked, SplitJoin, Ten, Waiting
from tests.testapp.workflows_human import Greeting

pytestmark = pytest.mark.django_db(transaction=True)


class TestEnd:
    """When an instance has ended is for transitions to say."""

    def test_who_saves_what_was_loaded_before_it_ended__keeps_it_ended(self):
        workflow = Chain.start()
        engine.run(workflow.task_set.get(name="first").pk, workflow.pk)

        workflow.save()

        assert Workflow.objects.get(pk=workflow.pk)._ended is not None

    def test_who_saves_what_was_loaded_before_an_override__keeps_it_open(self):
        workflow = Chain.start()
        engine.run(workflow.task_set.get(name="first").pk, workflow.pk)
        workflow.refresh_from_db()
        engine.override(workflow, [Chain.first])

        workflow.save()

        assert Workflow.objects.get(pk=workflow.pk)._ended is None

    def test_what_is_opened_again_in_the_same_transaction__has_not_ended(self):
        ended = []

        def note(workflow_pk, **_):
            ended.append(workflow_pk)

        workflow_ended.connect(note)
        task = Chain.start().task_set.get(name="first")
        with transaction.atomic():
            task.finish()
            task.start_next_tasks()
        workflow_ended.disconnect(note)

        assert ended == []


class TestMessages:
    """The broker is spared."""

    def test_a_split_takes_one_message_for_each_of_its_branches(self, settings, handed_out):
        settings.JOEFLOW_STAY_SECONDS = 0
        workflow = Ten.objects.create()
        engine.complete_start(workflow, "start")

        seen = 0
        while seen < len(handed_out):
            engine.run(handed_out[seen].task_pk, workflow.pk)
            seen += 1

        assert workflow.task_set.open().count() == 0
        assert len(handed_out) <= 2 * 10

    def test_an_instance_without_its_state__is_dropped(self, caplog):
        caplog.set_level("INFO", "joeflow")
        workflow = Chain.start()
        task = workflow.task_set.get(name="first")
        Chain.objects.filter(pk=workflow.pk)._raw_delete(using="default")

        assert engine.run(task.pk, workflow.pk) is None

        assert f"event=dropped task={task.pk} reason=gone" in caplog.text
        Workflow.objects.filter(pk=workflow.pk).delete()

    def test_a_publisher_that_was_given_up__ends_when_it_can(self, monkeypatch):
        monkeypatch.setattr(dispatch, "PUBLISH_SECONDS", 0.01)
        monkeypatch.setattr(dispatch, "_publishers", {})
        before = set(threading.enumerate())
        answer = threading.Event()

        with pytest.raises(TimeoutError):
            dispatch.within_deadline(answer.wait)
        [stuck] = set(threading.enumerate()) - before
        answer.set()

        stuck.join(10)
        assert not stuck.is_alive()


class TestWaits:
    """A wait goes by the database's clock."""

    def test_the_server_s_clock_does_not_matter(self):
        with time_machine.travel(timezone.now() + timedelta(minutes=10)):
            workflow = Waiting.start()

        wait = workflow.task_set.get(name="wait")
        assert abs(wait.created - timezone.now()) < timedelta(seconds=30)

    def test_asked_too_early__goes_back_to_its_instant(self, settings):
        settings.JOEFLOW_RETRY_MIN = 300
        workflow = Waiting.start()
        waits = workflow.task_set.filter(name="wait")
        waits.update(created=DatabaseNow(timedelta(seconds=5) - timedelta(hours=3)))
        workflow.wake()

        engine.run(waits.get().pk, workflow.pk, stay=False)

        assert waits.get().eta < timezone.now() + timedelta(seconds=60)


def test_enqueue_of_a_waiting_join__does_not_fire_it():
    workflow = SplitJoin.start()
    engine.run(workflow.task_set.get(name="split").pk, workflow.pk, stay=False)
    engine.run(workflow.task_set.get(name="batman").pk, workflow.pk, stay=False)
    join = workflow.task_set.get(name="join")

    assert join.enqueue() is None

    join.refresh_from_db()
    assert (join.eta, join.status) == (None, Task.SCHEDULED)
    engine.run(workflow.task_set.get(name="robin").pk, workflow.pk)
    assert workflow.task_set.filter(name="join").count() == 1


def test_a_verb_that_fails_half_way__cannot_be_committed():
    task = Hooked.start().task_set.get(name="choose")

    with transition(Task, task._workflow_id), suppress(JoeflowError):
        task.start_next_tasks([Hooked.desk, Hooked.forgetful])

    assert not Task.objects.filter(name="desk").exists()


def test_a_node_that_starts_its_next_tasks_itself__fails(behave):
    def start_and_return(workflow):
        workflow.task_set.get(name="choose").start_next_tasks([Gateway.left])

    behave(Gateway, start_and_return)
    workflow = Gateway.start()

    with pytest.raises(JoeflowError, match="started its next tasks itself; a node returns them"):
        engine.run(workflow.task_set.get(name="choose").pk, workflow.pk)

    assert not workflow.task_set.filter(name="left").exists()


@pytest.mark.parametrize("verb", ["cancel", "wake"])
def test_verbs_of_the_state__reach_the_tasks_of_its_proxy(verb):
    workflow = GreetingWorkflow.objects.create()
    engine.complete_start(workflow, "start")

    assert getattr(Greeting.objects.get(pk=workflow.pk), verb)() == 1


def test_override_of_what_was_deleted__says_so():
    workflow = Chain.start()
    Chain.objects.get().delete()

    with pytest.raises(JoeflowError, match="is gone; nobody can override it"):
        engine.override(workflow, [Chain.first])


def test_override_to_a_start__says_so():
    with pytest.raises(JoeflowError, match="'start' is a start: it makes a new instance"):
        engine.override(Chain.start(), [Chain.start])


@pytest.mark.parametrize("parents", [(len,), (["a", "b"],)])
def test_join_of_what_is_no_name__says_so(parents):
    with pytest.raises(JoeflowError, match="Join takes the names of tasks, like"):
        tasks.Join(*parents)
