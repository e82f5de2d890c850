"""Waiting without polling: Wait, tasks that say "not yet", and wake()."""

from datetime import timedelta

import pytest
import time_machine
from django.db.models import F
from django.utils import timezone

from joeflow import engine, recovery
from joeflow.models import Task
from tests.runners import Call
from tests.testapp.models import Branches, Gateway, Waiting

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def run_step(task):
    return engine.run(task.pk, task._workflow_id, stay=False)


def reload(task):
    return Task.objects.annotate(now=task_now()).get(pk=task.pk)


def task_now():
    from joeflow.clock import DatabaseNow

    return DatabaseNow()


def let_pass(task, time):
    """Let a task be as much older, as if this time had passed."""
    Task.objects.filter(pk=task.pk).update(created=F("created") - time, eta=F("eta") - time)


@pytest.fixture
def wait():
    return Waiting.start().task_set.get(name="wait")


@pytest.fixture
def asking(behave):
    """Return a task that says "not yet"."""
    behave(Gateway, lambda workflow: False)
    return Gateway.start().task_set.get(name="choose")


def is_about(delta, expected):
    return abs(delta - expected) < timedelta(seconds=5)


class TestWait:
    def test_it_is_due_at_its_creation_plus_the_duration(self, wait):
        assert is_about(wait.eta - wait.created, 3 * HOUR)
        assert wait.attempts == 0
        assert not Task.objects.due().exists()

    def test_it_stays_in_the_database_until_it_is_due(self, wait, handed_out):
        assert handed_out == []
        assert recovery.sweep() == 0

        let_pass(wait, 3 * HOUR)

        assert recovery.sweep() == 1
        assert handed_out == [Call(wait.pk, wait._workflow_id, None, None)]

    def test_it_goes_on_when_it_is_due(self, wait):
        let_pass(wait, 3 * HOUR)

        run_step(wait)

        assert reload(wait).status == Task.SUCCEEDED

    def test_it_is_not_done_before(self, wait):
        let_pass(wait, 2.9 * HOUR)

        run_step(wait)

        assert reload(wait).status == Task.SCHEDULED

    def test_asked_too_early_it_goes_back_to_its_instant(self, wait):
        let_pass(wait, HOUR)
        before = Task.objects.get(pk=wait.pk).eta
        wait.enqueue()

        run_step(wait)

        row = reload(wait)
        assert (row.status, row.attempts) == (Task.SCHEDULED, 0)
        assert abs(row.eta - before) < timedelta(seconds=5)

    def test_it_is_longer_than_the_longest_retry(self, wait, settings):
        settings.JOEFLOW_RETRY_MAX = 60
        wait.enqueue()

        run_step(wait)

        row = reload(wait)
        assert is_about(row.eta - row.now, 3 * HOUR)

    def test_the_clock_of_the_worker_does_not_matter(self, wait):
        let_pass(wait, 3 * HOUR)

        with time_machine.travel(timezone.now() - timedelta(minutes=5)):
            run_step(wait)

        assert reload(wait).status == Task.SUCCEEDED

    def test_the_node_is_a_callable_of_workflow_and_task(self, wait):
        assert Waiting.wait(wait.workflow, wait) is False

        with time_machine.travel(timezone.now() + 3 * HOUR):
            assert Waiting.wait(wait.workflow, wait) is True


class TestNotYet:
    def test_it_comes_back_after_half_of_the_time_waited(self, asking):
        let_pass(asking, timedelta(seconds=300))

        run_step(asking)

        row = reload(asking)
        assert row.status == Task.SCHEDULED
        assert is_about(row.eta - row.now, timedelta(seconds=150))

    def test_it_comes_back_not_before_the_shortest_time(
        self, asking, handed_out, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            run_step(asking)

        row = reload(asking)
        assert timedelta(0) < row.eta - row.now <= timedelta(seconds=1)
        assert row.attempts == 1
        assert handed_out == [Call(asking.pk, asking._workflow_id, 1.0, None)]

    def test_it_comes_back_not_after_the_longest_time(self, asking):
        let_pass(asking, timedelta(days=30))

        run_step(asking)

        row = reload(asking)
        assert is_about(row.eta - row.now, timedelta(seconds=600))
        assert row.attempts == 0

    def test_both_times_are_settings(self, asking, settings):
        settings.JOEFLOW_RETRY_MIN, settings.JOEFLOW_RETRY_MAX = 40, 50

        run_step(asking)
        row = reload(asking)
        assert is_about(row.eta - row.now, timedelta(seconds=40))

        let_pass(asking, timedelta(days=1))
        run_step(asking)
        row = reload(asking)
        assert is_about(row.eta - row.now, timedelta(seconds=50))

    def test_a_server_whose_clock_is_ahead_changes_nothing(self, behave):
        behave(Gateway, lambda workflow: False)
        with time_machine.travel(timezone.now() + HOUR):
            task = Gateway.start().task_set.get(name="choose")
            assert Task.objects.due().filter(pk=task.pk).exists()
            run_step(task)

        row = reload(task)
        assert timedelta(0) < row.eta - row.now <= timedelta(seconds=1)


class TestWake:
    def test_it_makes_waiting_tasks_due_at_once(
        self, wait, handed_out, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            assert wait.workflow.wake() == 1
            assert handed_out == []

        row = reload(wait)
        assert row.eta <= row.now
        assert row.attempts == 1
        assert handed_out == [Call(wait.pk, wait._workflow_id, None, None)]

    def test_a_wait_that_is_woken_too_early_goes_back(self, wait):
        wait.workflow.wake()

        run_step(wait)

        row = reload(wait)
        assert is_about(row.eta - row.created, 3 * HOUR)

    def test_it_takes_no_lock(self, wait, statements):
        workflow = wait.workflow

        with statements:
            workflow.wake()

        assert [text.split()[0] for text in statements.data] == ["SELECT", "UPDATE"]
        assert "FOR " not in statements.data[0]

    def test_people_joins_and_other_instances_are_left_alone(self, behave):
        workflow = Branches.start()
        run_step(workflow.task_set.get(name="a"))
        run_step(workflow.task_set.get(name="b"))
        Waiting.start()

        assert workflow.wake() == 0

        assert workflow.task_set.get(name="desk").eta is None
        assert workflow.task_set.get(name="join").eta is None

    def test_failed_tasks_are_left_alone(self, wait):
        wait.fail()

        assert wait.workflow.wake() == 0

    @pytest.mark.parametrize("seconds", [0, 300])
    def test_it_is_not_lost_against_a_run_that_says_not_yet(self, behave, seconds, handed_out):
        def look_too_early(workflow):
            # What it waits for happens after it has looked, and before it has answered.
            workflow.wake()
            return False

        behave(Gateway, look_too_early)
        task = Gateway.start().task_set.get(name="choose")
        let_pass(task, timedelta(seconds=seconds))

        engine.run(task.pk, task._workflow_id, stay=False)

        assert Task.objects.due().filter(pk=task.pk).exists()
        assert task.pk in [call.task_pk for call in handed_out]

    def test_a_run_that_was_woken_meanwhile_may_still_succeed(self, behave):
        behave(Gateway, lambda workflow: workflow.wake() and None)
        task = Gateway.start().task_set.get(name="choose")

        run_step(task)

        assert reload(task).status == Task.SUCCEEDED

    def test_many_can_be_woken_at_once(self):
        for _ in range(3):
            Waiting.start()

        assert Task.objects.filter(name="wait").wake() == 3
        assert Task.objects.due().count() == 3


class TestMessageThatIsTooEarly:
    """A worker whose clock is ahead gets a delayed message before its task is due."""

    @pytest.fixture
    def branches(self, behave):
        behave(Branches, lambda workflow, name: False if name == "b" else None)
        branches = Branches.start()
        run_step(branches.task_set.get(name="b"))  # to be asked again in a second
        return branches

    def test_it_comes_back_though_another_task_is_due(self, branches):
        back = run_step(branches.task_set.get(name="b"))

        assert branches.task_set.get(name="a").status == Task.SUCCEEDED
        assert 0 < back.delay <= 1

    def test_it_is_sent_again_where_the_other_task_fails(self, branches, behave, handed_out):
        def fail(workflow, name):
            raise ValueError("not today")

        behave(Branches, fail)
        task = branches.task_set.get(name="b")

        with pytest.raises(ValueError, match="not today"):
            run_step(task)

        (call,) = [call for call in handed_out if call.task_pk == task.pk]
        assert 0 < call.countdown <= 1

    def test_it_is_done_when_its_task_is_closed(self, branches):
        task = branches.task_set.get(name="b")
        task.cancel()

        assert run_step(task) is None
