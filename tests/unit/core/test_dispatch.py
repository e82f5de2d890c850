"""Handing out: to whatever runner, after the commit, also where the broker is down."""

import threading
from unittest import mock

import pytest
from django.db import transaction

from joeflow import dispatch
from joeflow.dispatch import Delivery, broker_is_down, hand_out, within_deadline
from joeflow.models import Task
from tests.runners import Call
from tests.testapp.models import Branches, Chain


def deliveries(count=3):
    return [Delivery(pk, 10 * pk) for pk in range(1, count + 1)]


@pytest.fixture
def runner(settings, monkeypatch):
    """Return a function that sets what the runner does."""

    def set_runner(function):
        monkeypatch.setattr("tests.runners.broken", function)
        settings.JOEFLOW_TASK_RUNNER = "tests.runners.broken"

    return set_runner


class TestHandOut:
    def test_the_runner_gets_keys_and_times(self, handed_out):
        hand_out([Delivery(1, 2, countdown=3.5), Delivery(4, 5, eta="noon")])

        assert handed_out == [Call(1, 2, 3.5, None), Call(4, 5, None, "noon")]

    def test_each_delivery_knows_what_the_runner_returned(self, handed_out):
        first, second = deliveries(2)

        hand_out([first, second])

        assert first.sent
        assert first.result is handed_out[0]
        assert second.result is handed_out[1]

    def test_the_first_failure_ends_it(self, runner, caplog):
        tried = []

        def fail_second(task_pk, **keys):
            tried.append(task_pk)
            if task_pk == 2:
                raise ConnectionError("down")

        runner(fail_second)
        each = deliveries(4)

        hand_out(each)

        assert tried == [1, 2]
        assert [delivery.sent for delivery in each] == [True, False, False, False]
        assert caplog.messages == ["event=hand_out_failed task=2 workflow=20 waiting=2"]

    def test_for_five_seconds_nobody_tries_again(self, runner, handed_out, settings):
        with mock.patch("joeflow.dispatch.time.monotonic") as clock:
            clock.return_value = 100.0
            settings.JOEFLOW_TASK_RUNNER = "tests.runners.broken"
            hand_out(deliveries(1))
            settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"

            clock.return_value = 104.9
            hand_out(deliveries(1))
            assert broker_is_down()
            assert handed_out == []

            clock.return_value = 105.1
            hand_out(deliveries(1))
            assert not broker_is_down()
            assert len(handed_out) == 1

    def test_a_runner_that_cannot_be_imported_delays_nobody(self, settings, caplog):
        settings.JOEFLOW_TASK_RUNNER = "tests.runners.nothing"

        hand_out(deliveries(1))

        assert "event=hand_out_failed" in caplog.text

    def test_an_eager_runner_is_worked_off_from_a_queue(self, runner):
        order, depth, deepest = [], [0], [0]

        def eager(task_pk, **keys):
            depth[0] += 1
            deepest[0] = max(depth[0], deepest[0])
            order.append(task_pk)
            if task_pk < 100:
                hand_out([Delivery(task_pk + 10, 1)])
            depth[0] -= 1

        runner(eager)

        hand_out([Delivery(1, 1), Delivery(2, 1)])

        assert order[:4] == [1, 2, 11, 12]
        assert len(order) == 22
        assert deepest == [1]

    def test_what_a_node_raised_is_raised_after_all_the_others_ran(self, runner):
        ran = []

        def eager(task_pk, **keys):
            ran.append(task_pk)
            if task_pk < 3:
                error = ValueError(f"node {task_pk}")
                dispatch.mark_as_node_error(error)
                raise error

        runner(eager)

        with pytest.raises(ValueError, match="node 1"):
            hand_out(deliveries(3))

        assert ran == [1, 2, 3]
        assert not broker_is_down()

    def test_after_an_error_the_queue_is_empty(self, runner, handed_out, settings):
        def end(**keys):
            raise KeyboardInterrupt

        runner(end)
        with pytest.raises(KeyboardInterrupt):
            hand_out(deliveries(3))

        settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
        hand_out([Delivery(7, 7)])

        assert [call.task_pk for call in handed_out] == [7]


@pytest.mark.django_db(transaction=True)
class TestAfterCommit:
    def test_tasks_are_handed_out_after_the_commit(self, handed_out):
        with transaction.atomic():
            Chain.start()
            assert handed_out == []

        assert [call.task_pk for call in handed_out] == [Task.objects.get(name="first").pk]

    def test_nothing_is_handed_out_after_a_rollback(self, handed_out):
        with transaction.atomic():
            Chain.start()
            transaction.set_rollback(True)

        assert handed_out == []
        assert not Task.objects.exists()

    def test_all_tasks_of_a_transaction_go_with_one_hook(self, handed_out):
        with mock.patch("joeflow.transitions.hand_out") as hook:
            Branches.start()

        hook.assert_called_once()
        assert len(hook.call_args.args[0]) == 2

    def test_a_broker_that_is_down_breaks_nothing(self, settings):
        settings.JOEFLOW_TASK_RUNNER = "tests.runners.broken"

        workflow = Branches.start()

        assert workflow.task_set.open().count() == 3


class TestDeadline:
    def test_it_gives_what_the_function_returned(self):
        assert within_deadline(lambda: 7) == 7

    def test_it_raises_what_the_function_raised(self):
        with pytest.raises(ConnectionError, match="down"):
            within_deadline(mock.Mock(side_effect=ConnectionError("down")))

    def test_a_broker_that_never_answers_is_not_waited_for(self, monkeypatch):
        monkeypatch.setattr(dispatch, "PUBLISH_SECONDS", 0.01)
        answer = threading.Event()

        with pytest.raises(TimeoutError):
            within_deadline(answer.wait)
        try:
            # The next message has a thread of its own, and does not wait behind the first.
            monkeypatch.setattr(dispatch, "PUBLISH_SECONDS", 5)
            assert within_deadline(threading.current_thread) is not None
        finally:
            answer.set()

    def test_one_thread_talks_to_the_broker(self):
        threads = {within_deadline(threading.current_thread).name for _ in range(3)}

        assert threads == {"joeflow-publisher"}

    def test_a_message_whose_sender_has_gone_is_not_sent(self):
        publisher = dispatch._Publisher()
        begun, go_on, sent = threading.Event(), threading.Event(), []

        def wait():
            begun.set()
            go_on.wait(5)

        first = publisher.submit(wait)
        assert begun.wait(5)
        second = publisher.submit(lambda: sent.append("late"))
        assert second.cancel()
        go_on.set()
        first.result(5)

        assert publisher.submit(lambda: "next").result(5) == "next"
        assert sent == []
