"""Django's Tasks framework, with the Immediate and the database backend."""

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.utils import timezone

from joeflow import engine
from joeflow.models import Task
from tests.rules import extra
from tests.testapp.models import Chain, Failing, Rounds, SplitJoin, Waiting

extra("tasks")
runner = pytest.importorskip("joeflow.runner.django_tasks")

pytestmark = [pytest.mark.extra("tasks"), pytest.mark.django_db(transaction=True)]

django_tasks_db = pytest.importorskip("django_tasks_db")

FRAMEWORK = type(runner._sweep).__module__.partition(".base")[0]


class OwnBackend(django_tasks_db.DatabaseBackend):
    """A project's own kind of database backend."""


@pytest.fixture(autouse=True)
def _forget_sowing():
    runner.sower._next_look = 0.0


@pytest.fixture
def immediate(settings):
    settings.JOEFLOW_TASK_RUNNER = "joeflow.runner.django_tasks.task_runner"
    settings.TASKS = {"default": {"BACKEND": f"{FRAMEWORK}.backends.immediate.ImmediateBackend"}}


@pytest.fixture
def database(settings):
    settings.JOEFLOW_TASK_RUNNER = "joeflow.runner.django_tasks.task_runner"
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    from django.apps import apps

    return apps.get_model("django_tasks_database", "DBTaskResult").objects


def waiting(results, message):
    return results.filter(task_path=message.module_path, status="READY")


def test_immediate__runs_all_that_is_due(immediate):
    workflow = SplitJoin.start()

    workflow.refresh_from_db()
    assert workflow.value == 2
    assert workflow._ended is not None


def test_immediate__one_step_per_message__never_recurses(immediate, settings):
    settings.JOEFLOW_STAY_SECONDS = 0

    workflow = Rounds.start(laps=40)

    workflow.refresh_from_db()
    assert workflow._ended is not None
    assert workflow.task_set.count() > 160


def test_immediate__what_is_not_due__stays_scheduled(immediate):
    workflow = Waiting.start()

    assert workflow.task_set.get(name="wait").status == Task.SCHEDULED
    assert runner.task_runner(task_pk=1, workflow_pk=1, countdown=5) is None


def test_immediate__failure__is_recorded(immediate, fail):
    workflow = Failing.start()

    assert workflow.task_set.get(name="work").exception == "ValueError: boom"


def test_database__message_rolls_back_with_its_caller(database):
    from django.db import transaction

    with transaction.atomic():
        Chain.start()
        transaction.set_rollback(True)

    assert not waiting(database, runner._run_task).exists()


def test_database__message_waits_for_its_instant(database):
    eta = timezone.now() + timedelta(hours=1)

    runner.task_runner(task_pk=1, workflow_pk=2, eta=eta)

    [message] = waiting(database, runner._run_task)
    assert message.run_after == eta
    assert message.args_kwargs == {"args": [1, 2], "kwargs": {}}


def test_database__any_message_sows_one_sweep(database):
    Chain.start()
    runner.sower._next_look = 0.0
    Chain.start()

    assert waiting(database, runner._sweep).count() == 1


def test_database__sowing_looks_only_now_and_then(database, django_assert_num_queries):
    runner.sower.sow()

    with django_assert_num_queries(0):
        runner.sower.sow()


def test_database__sweep_puts_itself_back_and_leaves_no_results(database):
    old = waiting(database, runner._sweep)
    runner.sower.sow()
    old.update(status="SUCCESSFUL")

    runner._sweep.func()

    assert waiting(database, runner._sweep).count() == 1
    assert database.filter(task_path=runner._sweep.module_path).count() == 1


def test_database__sowing_leaves_the_old_results_to_the_workers(database):
    runner.sower.sow()
    waiting(database, runner._sweep).update(status="SUCCESSFUL")

    runner.sower.sow(force=True)

    assert database.filter(task_path=runner._sweep.module_path).count() == 2


def test_database__killed_sweep__is_sown_again(database):
    runner.sower.sow()
    waiting(database, runner._sweep).update(status="RUNNING")

    runner.sower.sow(force=True)

    assert waiting(database, runner._sweep).count() == 1


def test_database__worker_that_starts__sows(database):
    runner.connection_created.connect(runner._sow_at_start)

    runner.connection_created.send(sender=None)
    runner.connection_created.send(sender=None)

    assert waiting(database, runner._sweep).count() == 1


def test_come_back__is_put_in_the_queue_with_its_counts(database, monkeypatch):
    again = engine.ComeBack(60, bounces=3, errors=1)
    monkeypatch.setattr(engine, "run", lambda *args, **options: again)

    runner._run_task.func(7, 8)

    [message] = waiting(database, runner._run_task)
    assert message.args_kwargs["args"] == [7, 8, 3, 1]


def test_database__subclass_of_the_backend__gets_sweeps_too(settings):
    settings.TASKS = {"default": {"BACKEND": f"{__name__}.OwnBackend"}}

    runner.sower.sow()

    results = runner.sower._sweeps()
    assert results.filter(status="READY").count() == 1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no such signal")
def test_time_limit__task_that_reaches_it_fails(immediate, settings, monkeypatch):
    settings.JOEFLOW_TIME_LIMIT = 0.5
    monkeypatch.setattr(Failing, "behavior", lambda workflow: signal.pause())

    workflow = Failing.start()

    task = workflow.task_set.get(name="work")
    assert task.status == Task.FAILED
    assert task.exception == (
        "joeflow.exceptions.TimeLimitExceeded: The task ran for longer than 0.5 seconds."
    )
    workflow.refresh_from_db()
    assert workflow.text == ""


def test_time_limit__task_that_ends_in_time__leaves_no_alarm(immediate, settings):
    settings.JOEFLOW_TIME_LIMIT = 60
    before = signal.getsignal(signal.SIGALRM)

    workflow = Chain.start()

    workflow.refresh_from_db()
    assert workflow._ended is not None
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_time_limit__thread__runs_without_one():
    handler = signal.getsignal(signal.SIGALRM)

    with ThreadPoolExecutor(1) as pool:
        inside = pool.submit(handler_under_limit).result()

    assert inside is handler


def handler_under_limit():
    with runner._time_limit(60):
        return signal.getsignal(signal.SIGALRM)


def test_check__queue_that_no_backend_serves(database, settings):
    settings.JOEFLOW_TASK_QUEUE_NAME = "mine"

    [error] = runner.check()

    assert error.id == "joeflow.E015"
    assert error.msg == (
        "joeflow's queue 'mine' is not among the queues of the task backend: default."
    )
    assert error.hint == 'Add it to TASKS["default"]["QUEUES"], or set JOEFLOW_TASK_QUEUE_NAME.'


def test_check__queue_that_is_served(database):
    assert runner.check() == []
