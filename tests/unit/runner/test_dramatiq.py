"""Dramatiq with its stub broker."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, connections
from django.utils import timezone

from joeflow import engine
from joeflow.models import Task
from tests.rules import extra
from tests.testapp.models import Failing, SplitJoin, Waiting

dramatiq = extra("dramatiq", "dramatiq")
runner = pytest.importorskip("joeflow.runner.dramatiq")

pytestmark = [pytest.mark.extra("dramatiq"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def broker(settings):
    settings.JOEFLOW_TASK_RUNNER = "joeflow.runner.dramatiq.task_runner"
    broker = dramatiq.get_broker()
    broker.flush_all()
    yield broker
    broker.flush_all()


def messages(broker, queue="yoloflow"):
    return [dramatiq.Message.decode(data) for data in broker.queues[queue].queue]


def work(broker, *, fail_fast=True):
    worker = dramatiq.Worker(broker, worker_timeout=10, worker_threads=1)
    worker.start()
    try:
        broker.join("yoloflow", timeout=20_000, fail_fast=fail_fast)
        worker.join()
    finally:
        worker.stop()


def test_message__names_task_and_instance(broker):
    workflow = SplitJoin.start()

    [message] = messages(broker)
    assert message.actor_name == "_dramatiq_task_runner"
    assert message.args == (workflow.task_set.get(name="split").pk, workflow.pk)


def test_countdown__is_a_delay_in_milliseconds(broker):
    runner.task_runner(task_pk=1, workflow_pk=2, countdown=1.5)

    [message] = messages(broker, "yoloflow.DQ")
    assert message.options["eta"] - message.message_timestamp == pytest.approx(1500, abs=200)


def test_eta__is_a_delay_too(broker):
    runner.task_runner(task_pk=1, workflow_pk=2, eta=timezone.now() + timedelta(seconds=60))

    [message] = messages(broker, "yoloflow.DQ")
    assert message.options["eta"] - message.message_timestamp == pytest.approx(60_000, abs=2000)


def test_worker__runs_all_that_is_due(broker):
    workflow = SplitJoin.start()

    work(broker)

    workflow.refresh_from_db()
    assert workflow.value == 2
    assert workflow._ended is not None


def test_worker__what_is_not_due__stays_scheduled(broker):
    workflow = Waiting.start()

    work(broker)

    assert workflow.task_set.get(name="wait").status == Task.SCHEDULED


def test_worker__failure__is_recorded(broker, fail):
    workflow = Failing.start()

    work(broker)

    assert workflow.task_set.get(name="work").exception == "ValueError: boom"


def test_come_back__is_sent_again_with_its_counts(broker, monkeypatch):
    again = engine.ComeBack(2.5, bounces=3, errors=1)
    monkeypatch.setattr(engine, "run", lambda *args, **options: again)

    runner._dramatiq_task_runner.fn(7, 8)

    [message] = messages(broker, "yoloflow.DQ")
    assert (message.args, message.kwargs) == ((7, 8), {"bounces": 3, "errors": 1})


def test_come_back__broker_down__is_left_to_the_recovery(broker, monkeypatch, caplog):
    def refuse(*args, **options):
        raise ConnectionError

    monkeypatch.setattr(engine, "run", lambda *args, **options: engine.ComeBack(1))
    monkeypatch.setattr(broker, "enqueue", refuse)

    runner._dramatiq_task_runner.fn(7, 8)

    assert "event=hand_out_failed task=7 workflow=8" in caplog.text


def test_time_limit_exceeded__is_a_failure(broker):
    def slow(self):
        raise runner.TimeLimitExceeded

    Failing.behavior = slow
    workflow = Failing.start()
    work_task = workflow.task_set.get(name="work")

    with pytest.raises(runner.TimeLimitExceeded):
        runner._dramatiq_task_runner.fn(work_task.pk, workflow.pk)

    work_task.refresh_from_db()
    assert work_task.status == Task.FAILED
    assert work_task.exception.endswith("TimeLimitExceeded")


def test_options__are_those_that_the_broker_knows():
    class Broker:
        actor_options = {"max_retries"}

    assert runner._known(Broker, max_retries=0, time_limit=1) == {"max_retries": 0}


@pytest.mark.parametrize(
    ("error", "runs"),
    [(runner.Shutdown, 2), (runner.TimeLimitExceeded, 1), (ValueError, 1)],
    ids=["shutdown", "time limit", "failure"],
)
def test_actor__only_what_a_shutdown_stopped_is_sent_again(error, runs):
    middleware = [dramatiq.middleware.Retries(), dramatiq.middleware.TimeLimit()]
    broker = dramatiq.brokers.stub.StubBroker(middleware)
    options = runner._known(broker, **runner._OPTIONS) | {"min_backoff": 1}
    done = []

    @dramatiq.actor(broker=broker, queue_name="yoloflow", **options)
    def act():
        done.append(1)
        if len(done) == 1:
            raise error

    act.send()
    work(broker, fail_fast=False)

    assert len(done) == runs


def test_message_that_was_delivered_before__is_told_to_the_engine(broker, monkeypatch):
    told = []
    monkeypatch.setattr(
        engine, "run", lambda *args, redelivered, **options: told.append(redelivered)
    )
    middleware = runner.RecoveryMiddleware()

    for redelivered in (True, False):
        message = SimpleNamespace(redelivered=redelivered)
        middleware.before_process_message(broker, message)
        runner._dramatiq_task_runner.fn(7, 8)
    middleware.before_process_message(broker, object())  # Redis says nothing about it
    runner._dramatiq_task_runner.fn(7, 8)

    assert told == [True, False, False]


def test_middleware_that_writes_to_the_database__leaves_no_connection(broker, monkeypatch):
    used = []

    class Writing(dramatiq.Middleware):
        def after_enqueue(self, broker, message, delay):
            connection.ensure_connection()
            used.append((threading.current_thread(), connection.connection, connections["default"]))

    writing = Writing()
    monkeypatch.setattr(broker, "middleware", [*broker.middleware, writing])
    monkeypatch.setattr(runner, "StubBroker", type(None))

    runner.task_runner(task_pk=1, workflow_pk=2)

    [(thread, was_open, wrapper)] = used
    assert thread.name == "joeflow-publisher"
    assert was_open is not None
    assert wrapper.connection is None


@pytest.fixture
def sweeps(settings, monkeypatch):
    """Count sweeps; each of them fails."""
    settings.JOEFLOW_SWEEP_SECONDS = 0.01
    swept = threading.Semaphore(0)

    def sweep():
        swept.release()
        raise OSError("the next one may work")

    monkeypatch.setattr(runner, "sweep", sweep)
    return swept


@pytest.mark.parametrize("queues", [None, {"yoloflow", "other"}])
def test_recovery__sweeps_until_the_worker_stops(broker, sweeps, queues):
    middleware = runner.RecoveryMiddleware()

    middleware.after_worker_boot(broker, SimpleNamespace(consumer_whitelist=queues))
    again = [sweeps.acquire(timeout=20) for _ in range(2)]
    middleware.before_worker_shutdown(broker, None)
    middleware._thread.join(20)

    assert again == [True, True]
    assert not middleware._thread.is_alive()


def test_recovery__worker_of_other_queues__does_not_sweep(broker):
    middleware = runner.RecoveryMiddleware()

    middleware.after_worker_boot(broker, SimpleNamespace(consumer_whitelist={"other"}))

    assert middleware._thread is None
