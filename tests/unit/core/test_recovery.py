"""The sweep: what is lost is found, what is not lost is left alone."""

import logging
from datetime import timedelta
from unittest import mock

import pytest
from django.core.management import call_command
from django.db.models import F

from joeflow import engine, recovery
from joeflow.clock import DatabaseNow
from joeflow.dispatch import breaker
from joeflow.exceptions import InstanceLocked
from joeflow.models import Task
from tests import runners
from tests.runners import Call
from tests.testapp.models import Branches, Chain, SplitJoin, Waiting

pytestmark = pytest.mark.django_db

GRACE = timedelta(seconds=30)


@pytest.fixture
def task(handed_out):
    task = Chain.start().task_set.get(name="first")
    handed_out.clear()
    return task


def since(task, time, **columns):
    """Let a task have been due for this time."""
    Task.objects.filter(pk=task.pk).update(eta=DatabaseNow(-time), **columns)


class TestOverdue:
    def test_what_was_just_handed_out_is_left_alone(self, task, handed_out):
        assert recovery.sweep() == 0
        assert handed_out == []

    @pytest.mark.parametrize(
        ("attempts", "periods"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 16), (40, 16)]
    )
    def test_the_time_doubles_with_each_attempt_up_to_sixteen(
        self, task, handed_out, attempts, periods
    ):
        since(task, GRACE * periods - timedelta(seconds=5), attempts=attempts)
        assert recovery.sweep() == 0

        since(task, GRACE * periods + timedelta(seconds=1), attempts=attempts)
        assert recovery.sweep() == 1

        assert handed_out == [Call(task.pk, task._workflow_id, None, None)]

    def test_the_grace_period_is_a_setting(self, task, settings):
        settings.JOEFLOW_GRACE_PERIOD = 100
        since(task, timedelta(seconds=95), attempts=1)
        assert recovery.sweep() == 0

        since(task, timedelta(seconds=101), attempts=1)
        assert recovery.sweep() == 1

    def test_handing_out_counts_and_begins_a_new_period(self, task):
        since(task, GRACE * 2, attempts=1)

        recovery.sweep()

        row = Task.objects.annotate(now=DatabaseNow()).get(pk=task.pk)
        assert row.attempts == 2
        assert row.now - row.eta < timedelta(seconds=5)
        assert recovery.sweep() == 0

    def test_what_is_due_and_was_never_handed_out_goes_at_once(self, task, handed_out):
        since(task, timedelta(0), attempts=0)

        assert recovery.sweep() == 1
        assert len(handed_out) == 1

    def test_what_is_not_due_yet_is_left_alone(self):
        Waiting.start()

        assert recovery.sweep() == 0

    def test_rows_without_an_instant_are_due(self, task):
        Task.objects.filter(pk=task.pk).update(eta=None, attempts=0)

        assert recovery.sweep() == 1

        row = Task.objects.get(pk=task.pk)
        assert (row.attempts, row.eta is None) == (1, False)

    def test_a_join_without_an_instant_waits(self):
        workflow = Branches.start()
        engine.run(workflow.task_set.get(name="a").pk, workflow.pk)

        recovery.sweep()

        assert workflow.task_set.get(name="join").eta is None

    @pytest.mark.parametrize(
        "columns",
        [
            {"status": Task.FAILED},
            {"type": "human"},
            {"status": Task.SUCCEEDED, "completed": DatabaseNow()},
            {"status": Task.CANCELED, "completed": DatabaseNow()},
        ],
    )
    def test_only_scheduled_machine_tasks_are_handed_out(self, task, columns):
        since(task, GRACE * 100, **columns)

        assert recovery.sweep() == 0

    def test_a_lost_message_costs_one_grace_period(self, task):
        since(task, GRACE + timedelta(seconds=1), attempts=1)
        recovery.sweep()
        call = runners.calls[0]

        engine.run(call.task_pk, call.workflow_pk)

        assert Chain.objects.get().text == "123"

    def test_a_backlog_gets_at_most_a_few_duplicates(self, task, handed_out):
        # A queue so long that the task is run after an hour; a sweep every minute.
        for _ in range(60):
            recovery.sweep()
            Task.objects.filter(pk=task.pk).update(eta=F("eta") - timedelta(minutes=1))

        assert len(handed_out) <= 10

    def test_it_is_told(self, task, caplog):
        caplog.set_level(logging.INFO, "joeflow")
        since(task, GRACE * 2, attempts=1)

        recovery.sweep()

        assert caplog.messages == ["event=recovered tasks=1"]


class TestOrder:
    def test_the_oldest_are_first_and_no_more_than_the_limit(self, handed_out):
        tasks = [Chain.start().task_set.get(name="first") for _ in range(4)]
        for hours, task in zip([2, 4, 1, 3], tasks, strict=True):
            since(task, timedelta(hours=hours), attempts=1)
        handed_out.clear()

        assert recovery.sweep(limit=3) == 3

        assert [call.task_pk for call in handed_out] == [tasks[i].pk for i in (1, 3, 0)]

    def test_the_limit_is_a_thousand(self, statements, task):
        since(task, GRACE * 2, attempts=1)

        with statements:
            recovery.sweep()

        assert any("LIMIT 1000" in text for text in statements.data)


class TestLocked:
    def test_an_instance_that_is_locked_is_left_alone(self, task, handed_out):
        other = Chain.start().task_set.get(name="first")
        for each in (task, other):
            since(each, GRACE * 2, attempts=1)
        handed_out.clear()

        with mock.patch("joeflow.recovery.lock_unlocked", return_value={other._workflow_id}):
            assert recovery.sweep() == 1

        assert [call.task_pk for call in handed_out] == [other.pk]
        assert Task.objects.get(pk=task.pk).attempts == 1

    def test_what_ran_between_looking_and_locking_is_not_handed_out(self, task, handed_out):
        since(task, GRACE * 2, attempts=1)

        def lock(workflow_pks, using):
            Task.objects.filter(pk=task.pk).update(status=Task.FAILED)
            return workflow_pks

        with mock.patch("joeflow.recovery.lock_unlocked", lock):
            assert recovery.sweep() == 0

        assert handed_out == []


class TestBroker:
    def test_a_broker_that_is_known_to_be_down_is_left_alone(self, task):
        since(task, GRACE * 2, attempts=1)
        breaker.open()

        assert recovery.sweep() == 0

        assert Task.objects.get(pk=task.pk).attempts == 1

    def test_what_the_broker_does_not_take_is_not_counted(self, task, settings):
        settings.JOEFLOW_TASK_RUNNER = "tests.runners.broken"
        since(task, GRACE * 2, attempts=1)

        assert recovery.sweep() == 0

        assert Task.objects.get(pk=task.pk).attempts == 1

    def test_a_task_that_was_never_handed_out_goes_with_the_next_sweep(self, task, settings):
        since(task, timedelta(0), attempts=0)
        settings.JOEFLOW_TASK_RUNNER = "tests.runners.broken"
        recovery.sweep()

        settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
        breaker.reset()

        assert recovery.sweep() == 1

    @pytest.mark.parametrize("attempts", [0, 1, 3, 40])
    def test_a_task_that_waited_for_the_broker_goes_as_soon_as_it_is_back(
        self, task, settings, handed_out, attempts
    ):
        settings.JOEFLOW_TASK_RUNNER = "tests.runners.broken"
        since(task, 17 * GRACE, attempts=attempts)
        for _ in range(10):  # a broker that is down for long
            assert recovery.sweep() == 0
            breaker.reset()

        settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"

        assert recovery.sweep() == 1
        assert handed_out == [Call(task.pk, task._workflow_id, None, None)]
        task.refresh_from_db()
        assert task.attempts == attempts + 1

    def test_what_was_put_off_while_the_broker_refused_stays_put_off(self, task, settings):
        later = timedelta(hours=1)

        def put_off(**options):
            since(task, -later, attempts=0)
            raise ConnectionError

        settings.JOEFLOW_TASK_RUNNER = "tests.runners.broken"
        since(task, 2 * GRACE)
        with mock.patch("tests.runners.broken", put_off):
            assert recovery.sweep() == 0

        breaker.reset()
        assert recovery.sweep() == 0
        task.refresh_from_db()
        assert task.attempts == 0


class TestJoins:
    @pytest.fixture
    def join(self):
        """Return a join that waits for a parent of whom the code does not know any more."""
        workflow = SplitJoin.start()
        for name in ("split", "batman"):
            task = workflow.task_set.get(name=name)
            engine.run(task.pk, workflow.pk, stay=False)
        robin = workflow.task_set.filter(name="robin")
        robin.update(status=Task.CANCELED, completed=DatabaseNow())
        return workflow.task_set.get(name="join")

    def untouched(self, join, time):
        Task.objects.filter(pk=join.pk).update(modified=DatabaseNow(-time))

    def test_a_join_untouched_for_an_hour_is_looked_at_again(self, join):
        self.untouched(join, timedelta(minutes=61))

        with mock.patch("joeflow.transitions.hand_out"):
            recovery.sweep()

        row = Task.objects.get(pk=join.pk)
        assert row.eta is not None
        assert row.attempts == 1

    def test_a_join_is_left_alone_for_an_hour(self, join):
        self.untouched(join, timedelta(minutes=59))

        recovery.sweep()

        assert Task.objects.get(pk=join.pk).eta is None

    def test_whoever_asks_for_it_has_joins_looked_at_now(self, transactional_db, join, capsys):
        call_command("dispatch_tasks")

        assert Task.objects.get(pk=join.pk).eta is not None
        assert capsys.readouterr().out == "Handed out 1 tasks.\n"

    def test_a_message_for_a_join_has_it_looked_at_as_those_of_older_versions_ask(self, join):
        assert engine.run(join.pk, join._workflow_id) is None

        assert Task.objects.get(pk=join.pk).status == Task.SUCCEEDED

    def test_a_join_that_still_waits_is_left_alone_for_another_hour(self, join):
        Task.objects.filter(name="robin").update(status=Task.SCHEDULED, completed=None)
        self.untouched(join, timedelta(minutes=61))

        recovery.sweep()

        row = Task.objects.annotate(now=DatabaseNow()).get(pk=join.pk)
        assert row.eta is None
        assert row.now - row.modified < timedelta(seconds=5)

    def test_an_instance_that_is_locked_is_left_alone(self, join):
        self.untouched(join, timedelta(minutes=61))

        with mock.patch("joeflow.transitions.lock_instance", side_effect=InstanceLocked):
            recovery.sweep()

        assert Task.objects.get(pk=join.pk).eta is None
