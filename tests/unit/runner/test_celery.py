"""Celery, as far as no broker is needed."""

from types import SimpleNamespace

import pytest

from joeflow import engine
from joeflow.checks.runners import check_runner_deployment
from joeflow.models import Task
from tests.rules import extra
from tests.testapp.models import Chain, Failing, Rounds, SplitJoin, Waiting

celery = extra("celery")
kombu = extra("celery", "kombu")
runner = pytest.importorskip("joeflow.runner.celery")

pytestmark = [pytest.mark.extra("celery"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def app(settings):
    settings.JOEFLOW_TASK_RUNNER = "joeflow.runner.celery.task_runner"
    app = celery.current_app
    before = {name: app.conf[name] for name in ("task_always_eager", "task_eager_propagates")}
    yield app
    app.conf.update(before)


@pytest.fixture
def eager(app):
    app.conf.task_always_eager = True


@pytest.fixture
def published(app, monkeypatch):
    """What would be published, with its options."""
    messages = []
    for task in (runner._celery_task_runner, runner._sweep):
        monkeypatch.setattr(
            task,
            "apply_async",
            lambda args=(), kwargs=None, **options: messages.append((args, kwargs, options)),
        )
    return messages


def test_message__names_task_instance_and_queue(published):
    workflow = Chain.start()

    task = workflow.task_set.get(name="first")
    [(args, kwargs, options)] = published
    assert (args, kwargs) == ((task.pk, workflow.pk), None)
    assert options["queue"] == "yoloflow"
    assert options["retry_policy"] == {"max_retries": 1, "interval_start": 0.1}


def test_queue__is_that_of_the_settings(published, settings):
    settings.JOEFLOW_TASK_QUEUE_NAME = "mine"

    Chain.start()

    assert published[0][2]["queue"] == "mine"


def test_time_limit__is_soft_first(published, settings):
    settings.JOEFLOW_TIME_LIMIT = 60

    Chain.start()

    options = published[0][2]
    assert (options["soft_time_limit"], options["time_limit"]) == (60, 70)


def test_time_limit__means_one_step_for_each_message(app, monkeypatch, published):
    stays = []
    monkeypatch.setattr(engine, "run", lambda *args, stay, **options: stays.append(stay))

    runner._celery_task_runner(1, 1)
    monkeypatch.setattr(runner._celery_task_runner, "soft_time_limit", 5)
    runner._celery_task_runner(1, 1)

    assert stays == [True, False]


def test_come_back__is_sent_again_with_its_counts(published, monkeypatch):
    again = engine.ComeBack(2.5, bounces=3, errors=1)
    monkeypatch.setattr(engine, "run", lambda *args, **options: again)

    runner._celery_task_runner(7, 8, bounces=2, errors=1)

    [(args, kwargs, options)] = published
    assert args == (7, 8)
    assert options["kwargs"] == {"bounces": 3, "errors": 1} if kwargs is None else kwargs
    assert options["countdown"] == 2.5


def test_come_back__broker_down__is_left_to_the_recovery(app, monkeypatch, caplog):
    def refuse(*args, **options):
        raise ConnectionError

    monkeypatch.setattr(engine, "run", lambda *args, **options: engine.ComeBack(1))
    monkeypatch.setattr(runner._celery_task_runner, "apply_async", refuse)

    runner._celery_task_runner(7, 8)

    assert "event=hand_out_failed task=7 workflow=8" in caplog.text


def test_sweep__broker_down__is_logged(app, monkeypatch, caplog):
    def refuse(*args, **options):
        raise ConnectionError("down")

    monkeypatch.setattr(runner._sweep, "apply_async", refuse)

    runner._send_sweep()

    assert "event=sweep_not_sent error=ConnectionError('down')" in caplog.text


def test_sweep__expires_before_the_next(published, settings):
    settings.JOEFLOW_SWEEP_SECONDS = 3

    runner._send_sweep()

    assert published[0][2]["expires"] == 3


def test_eager__runs_all_that_is_due(eager):
    workflow = SplitJoin.start()

    workflow.refresh_from_db()
    assert workflow.value == 2
    assert workflow._ended is not None


def test_eager__one_step_per_message__never_recurses(eager, settings):
    settings.JOEFLOW_STAY_SECONDS = 0

    workflow = Rounds.start(laps=40)

    workflow.refresh_from_db()
    assert workflow._ended is not None
    assert workflow.task_set.count() > 160


def test_eager__what_is_not_due__stays_scheduled(eager):
    workflow = Waiting.start()

    wait = workflow.task_set.get(name="wait")
    assert (wait.status, wait.attempts) == (Task.SCHEDULED, 0)


def test_eager__propagates__error_surfaces_after_the_rest(app, eager, monkeypatch):
    def boom(self):
        raise ValueError("boom")

    app.conf.task_eager_propagates = True
    monkeypatch.setattr(SplitJoin, "batman", boom)

    with pytest.raises(ValueError, match="boom"):
        SplitJoin.start()

    workflow = SplitJoin.objects.get()
    assert workflow.task_set.get(name="batman").status == Task.FAILED
    assert workflow.task_set.get(name="robin").status == Task.SUCCEEDED


def test_eager__error_is_kept(eager, fail):
    workflow = Failing.start()

    work = workflow.task_set.get(name="work")
    assert (work.status, work.exception) == (Task.FAILED, "ValueError: boom")


@pytest.fixture
def worker():
    """Set up a worker as the command does, with these options; return the queues it consumes."""

    def set_up(app, **options):
        celery.signals.celeryd_init.send(
            sender="w", instance=SimpleNamespace(app=app), options=options
        )
        app.amqp.queues.select(options.get("queues"))
        app.amqp.queues.deselect(options.get("exclude_queues"))
        return app.amqp.queues.consume_from

    yield set_up
    runner._limits_of_worker.clear()


@pytest.mark.parametrize(
    ("options", "consumed"),
    [
        ({"queues": None}, ["celery", "yoloflow"]),
        ({"queues": ["celery"]}, ["celery"]),
        ({"queues": ["yoloflow"]}, ["yoloflow"]),
        ({"queues": None, "exclude_queues": ["yoloflow"]}, ["celery"]),
    ],
    ids=["plain", "-Q celery", "-Q yoloflow", "-X yoloflow"],
)
def test_worker__consumes_the_queue_if_not_told_otherwise(worker, options, consumed):
    app = celery.Celery("worker", broker="memory://", set_as_current=False)

    assert sorted(worker(app, **options)) == consumed


def test_worker__consumes_the_queue_as_the_project_declares_it(worker):
    app = celery.Celery("worker", broker="memory://", set_as_current=False)
    mine = kombu.Queue("yoloflow", queue_arguments={"x-queue-type": "quorum"})
    app.conf.task_queues = [kombu.Queue("celery"), mine]

    assert worker(app, queues=None)["yoloflow"].queue_arguments == {"x-queue-type": "quorum"}


def test_worker__with_a_limit_on_the_command_line__one_step_for_each_message(worker, monkeypatch):
    stays = []
    monkeypatch.setattr(engine, "run", lambda *args, stay, **options: stays.append(stay))
    app = celery.Celery("worker", broker="memory://", set_as_current=False)

    worker(app, soft_time_limit=5.0)
    runner._celery_task_runner(1, 1)

    assert stays == [False]


@pytest.mark.parametrize(("queue", "sweeps"), [("yoloflow", 1), ("celery", 0)])
def test_worker_ready__sweeps_where_the_queue_is_consumed(queue, sweeps):
    app = celery.Celery("worker", broker="memory://", set_as_current=False)
    app.amqp.queues.add(queue)
    app.amqp.queues.select([queue])
    calls = []

    class Consumer:
        class timer:  # noqa: N801
            call_repeatedly = staticmethod(lambda *args: calls.append(args))

    Consumer.app = app
    runner._sweep_now_and_then(sender=Consumer)

    assert calls == [(5, runner._send_sweep)] * sweeps


class TestConnections:
    """What manage.py check --deploy says about connections to the database."""

    def test_a_connection_for_each_message_is_named(self, app):
        (warning,) = check_runner_deployment()

        assert warning.id == "joeflow.W019"
        assert "CELERY_DB_REUSE_MAX" in warning.hint

    def test_nothing_is_said_where_they_are_kept(self, app, monkeypatch):
        monkeypatch.setitem(app.conf, "CELERY_DB_REUSE_MAX", 1000)

        assert check_runner_deployment() == []

    def test_another_runner_has_none_to_name(self, settings):
        settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"

        assert check_runner_deployment() == []

    @pytest.mark.parametrize("path", ["nowhere.runner", "nodots", None])
    def test_a_runner_that_is_missing_is_for_the_other_check(self, settings, path):
        settings.JOEFLOW_TASK_RUNNER = path

        assert check_runner_deployment() == []
