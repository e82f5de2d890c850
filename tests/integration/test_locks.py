"""The lock of an instance, with real connections."""

from contextlib import suppress

import pytest
from django.db import connection, transaction

from joeflow import engine, recovery
from joeflow.clock import DatabaseNow
from joeflow.exceptions import InstanceLocked
from joeflow.models import Task
from joeflow.steps import Step
from joeflow.transitions import transition
from tests.integration.conftest import LIMIT
from tests.testapp.models import Chain, SplitJoin

TIMEOUT = {
    "postgresql": "SELECT current_setting('lock_timeout')",
    "mysql": "SELECT @@SESSION.innodb_lock_wait_timeout",
}


def read_timeout():
    with connection.cursor() as cursor:
        cursor.execute(TIMEOUT[connection.vendor])
        return cursor.fetchone()[0]


@pytest.fixture
def chain(transactional_db):
    return Chain.start()


@pytest.fixture
def first(chain):
    return chain.task_set.get(name="first")


class TestWorker:
    def test_it_does_not_wait(self, chain, first, hold, settings):
        settings.JOEFLOW_LOCK_TIMEOUT = 10 * LIMIT
        hold(chain)

        come_back = engine.run(first.pk, chain.pk)

        assert (come_back.bounces, come_back.errors) == (1, 0)
        assert Chain.objects.get().text == ""

    def test_one_message_comes_back_and_brings_what_else_is_due(self, hold, transactional_db):
        workflow = SplitJoin.start()
        engine.run(workflow.task_set.get(name="split").pk, workflow.pk, stay=False)
        older, newer = workflow.task_set.filter(name__in=["batman", "robin"]).order_by("eta", "pk")
        release = hold(workflow)

        assert engine.run(newer.pk, workflow.pk) is None
        assert engine.run(older.pk, workflow.pk).bounces == 1

        release.set()
        release.done.result(LIMIT)
        engine.run(older.pk, workflow.pk, bounces=1)
        assert SplitJoin.objects.get().value == 2

    def test_a_message_that_has_begun_to_work_comes_back(self, chain, first, hold, monkeypatch):
        """Nobody else may have one for what it leaves behind: that is in nobody's broker."""
        Task.objects.create(name="third", type="machine", workflow=chain, eta=first.eta, attempts=1)
        take = Step.take

        def take_until_somebody_comes(step):
            more = take(step)
            hold(chain)
            return more

        monkeypatch.setattr(Step, "take", take_until_somebody_comes)

        assert engine.run(first.pk, chain.pk).bounces == 1

        names = chain.task_set.succeeded().values_list("name", flat=True)
        assert sorted(names) == ["first", "start"]

    def test_it_runs_the_task_when_it_comes_back(self, chain, first, hold):
        release = hold(chain)
        come_back = engine.run(first.pk, chain.pk)
        release.set()
        release.done.result(LIMIT)

        assert engine.run(first.pk, chain.pk, bounces=come_back.bounces) is None

        assert Chain.objects.get().text == "123"

    def test_a_node_may_go_on_where_another_instance_is_busy(self, chain, first, hold, monkeypatch):
        other = Chain.start()
        hold(other)

        def first_node(workflow):
            with suppress(InstanceLocked):
                other.cancel()
            workflow.text = "went on"
            workflow.save(update_fields=["text"])

        monkeypatch.setattr(Chain, "first", first_node)

        engine.run(first.pk, chain.pk, stay=False)

        first.refresh_from_db()
        assert first.status == Task.SUCCEEDED
        assert Chain.objects.get(pk=chain.pk).text == "went on"

    def test_a_sweep_leaves_the_instance_alone(self, chain, first, hold, handed_out):
        other = Chain.start().task_set.get(name="first")
        Task.objects.filter(name="first").update(attempts=0)
        hold(chain)
        handed_out.clear()

        assert recovery.sweep() == 1

        assert [call.task_pk for call in handed_out] == [other.pk]


class TestPerson:
    def test_a_person_waits(self, chain, first, hold, threads, settings):
        settings.JOEFLOW_LOCK_TIMEOUT = LIMIT
        release = hold(chain)

        done = threads.start(first.finish)
        threads.wait_until_blocked()
        assert Task.objects.get(pk=first.pk).status == Task.SCHEDULED
        release.set()
        done.result(LIMIT)

        assert Task.objects.get(pk=first.pk).status == Task.SUCCEEDED

    def test_a_person_waits_no_longer_than_the_timeout(self, chain, first, hold, settings):
        settings.JOEFLOW_LOCK_TIMEOUT = 0.1
        hold(chain)

        with pytest.raises(InstanceLocked):
            first.finish()

        assert first.status == Task.SCHEDULED

    def test_a_timeout_of_nothing_does_not_wait(self, chain, first, hold, settings):
        settings.JOEFLOW_LOCK_TIMEOUT = 0
        hold(chain)
        locks = []

        def watch(execute, sql, *args):
            if " FOR " in sql:
                locks.append(sql)
            return execute(sql, *args)

        with connection.execute_wrapper(watch), pytest.raises(InstanceLocked):
            first.finish()

        assert len(locks) == 1
        assert locks[0].endswith("NOWAIT")

    def test_the_page_can_still_be_made_in_the_transaction_of_the_request(
        self, chain, first, hold, settings
    ):
        settings.JOEFLOW_LOCK_TIMEOUT = 0.1
        hold(chain)

        with transaction.atomic():
            with pytest.raises(InstanceLocked):
                first.finish()

            assert Task.objects.get(pk=first.pk).status == Task.SCHEDULED
            Chain.objects.create(text="written by the page")

        assert Chain.objects.filter(text="written by the page").exists()

    @pytest.mark.parametrize("is_held", [True, False])
    def test_the_timeout_of_the_session_is_put_back(
        self, chain, first, hold, threads, settings, is_held
    ):
        settings.JOEFLOW_LOCK_TIMEOUT = 1
        before = read_timeout()
        release = hold(chain)
        if is_held:
            with transaction.atomic():
                with pytest.raises(InstanceLocked):
                    first.finish()
                assert read_timeout() == before
        else:
            settings.JOEFLOW_LOCK_TIMEOUT = LIMIT

            def release_when_blocked():
                threads.wait_until_blocked()
                release.set()

            other = threads.start(release_when_blocked)
            with transaction.atomic():
                first.finish()
                assert read_timeout() == before
            other.result(LIMIT)

        assert read_timeout() == before


class TestSecondInstance:
    def test_whoever_holds_one_does_not_wait_for_another(self, chain, hold, settings):
        settings.JOEFLOW_LOCK_TIMEOUT = 10 * LIMIT
        other = Chain.start()
        hold(other)

        with transition(Task, chain.pk), pytest.raises(InstanceLocked):
            other.cancel()

    def test_two_nodes_that_want_each_other_s_instance_never_deadlock(
        self, threads, behave, settings
    ):
        import threading

        from tests.testapp.models import Failing

        barrier = threading.Barrier(2)
        pairs = {}

        def work(workflow):
            barrier.wait(LIMIT)
            pairs[workflow.pk].task_set.get(name="work").cancel()

        behave(Failing, work)
        one, two = Failing.start(), Failing.start()
        pairs |= {one.pk: two, two.pk: one}
        tasks = [workflow.task_set.get(name="work") for workflow in (one, two)]

        results = threads.run_all(
            [lambda task=task: engine.run(task.pk, task._workflow_id) for task in tasks]
        )

        assert any(result and result.bounces for result in results)
        assert all(result is None or result.errors == 0 for result in results)


class TestNever:
    """What never happens in between."""

    def test_a_cancellation_comes_before_or_after_a_running_node(self, threads, behave, settings):
        from tests.testapp.models import Failing

        settings.JOEFLOW_LOCK_TIMEOUT = LIMIT
        running, go_on = threads.event(), threads.event()

        def work(workflow):
            running.set()
            go_on.wait(LIMIT)

        behave(Failing, work)
        workflow = Failing.start()
        task = workflow.task_set.get(name="work")
        run = threads.start(engine.run, task.pk, workflow.pk, stay=False)
        assert running.wait(LIMIT)

        canceled = threads.start(workflow.cancel)
        threads.wait_until_blocked()
        go_on.set()
        run.result(LIMIT)
        canceled.result(LIMIT)

        task.refresh_from_db()
        assert task.status == Task.SUCCEEDED
        assert workflow.task_set.get(name="end").status == Task.CANCELED

    def test_a_deletion_waits_for_a_running_node(self, threads, behave, settings):
        from tests.testapp.models import Failing

        settings.JOEFLOW_LOCK_TIMEOUT = LIMIT
        running, go_on = threads.event(), threads.event()

        def work(workflow):
            running.set()
            go_on.wait(LIMIT)

        behave(Failing, work)
        workflow = Failing.start()
        task = workflow.task_set.get(name="work")
        run = threads.start(engine.run, task.pk, workflow.pk, stay=False)
        assert running.wait(LIMIT)

        deleted = threads.start(Failing.objects.get().delete)
        threads.wait_until_blocked()
        go_on.set()

        assert run.result(LIMIT) is None
        deleted.result(LIMIT)
        assert not Task.objects.exists()
        assert not Failing.objects.exists()

    def test_a_deletion_that_waits_too_long_deletes_nothing(self, chain, hold, settings):
        settings.JOEFLOW_LOCK_TIMEOUT = 0.1
        hold(chain)

        with pytest.raises(InstanceLocked):
            Chain.objects.get().delete()

        assert Task.objects.count() == 2
        assert Chain.objects.exists()

    @pytest.mark.parametrize("waited", [0, 300])
    def test_a_wake_is_not_lost_against_a_run_that_says_not_yet(self, threads, behave, waited):
        from datetime import timedelta

        from tests.testapp.models import Gateway

        asked, answer = threads.event(), threads.event()

        def ask(workflow):
            asked.set()
            answer.wait(LIMIT)
            return False

        behave(Gateway, ask)
        workflow = Gateway.start()
        task = workflow.task_set.get(name="choose")
        Task.objects.filter(pk=task.pk).update(created=DatabaseNow(-timedelta(seconds=waited)))
        run = threads.start(engine.run, task.pk, workflow.pk, stay=False)
        assert asked.wait(LIMIT)

        # It has looked, and has not answered; now what it waits for happens. No lock is needed.
        assert workflow.wake() == 1
        answer.set()
        run.result(LIMIT)

        assert Task.objects.due().filter(pk=task.pk).exists()


def test_whoever_waited_reads_what_was_written_meanwhile(threads, settings):
    from tests.testapp.models import Adding

    settings.JOEFLOW_LOCK_TIMEOUT = LIMIT
    workflow = Adding.start()
    held, go_on = threads.event(), threads.event()

    def add(wait):
        with transition(Task, workflow.pk):
            fresh = Adding.objects.get(pk=workflow.pk)
            if wait:
                held.set()
                go_on.wait(LIMIT)
            fresh.value += 1
            fresh.save()

    first = threads.start(add, wait=True)
    assert held.wait(LIMIT)
    second = threads.start(add, wait=False)
    threads.wait_until_blocked()
    go_on.set()
    first.result(LIMIT)
    second.result(LIMIT)

    assert Adding.objects.get().value == 2
