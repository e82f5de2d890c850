"""What a worker does with a message."""

import logging
from contextlib import suppress
from datetime import timedelta
from unittest import mock

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from joeflow import engine, visits
from joeflow.clock import DatabaseNow
from joeflow.engine import ComeBack
from joeflow.exceptions import InstanceLocked, JoeflowError, NodeNotFound
from joeflow.models import Task
from tests.testapp.models import Branches, Chain, Failing, Gateway, Long, SplitJoin, Waiting


def message(task):
    return task.pk, task._workflow_id


def only_task(workflow, name):
    return workflow.task_set.get(name=name)


def run_step(task, **options):
    return engine.run(*message(task), stay=False, **options)


def set_eta(task, **delta):
    """Let a task have been due since, or be due in, this time."""
    Task.objects.filter(pk=task.pk).update(eta=F("eta") + timedelta(**delta))


class Stop(BaseException):
    """What a runner raises in a task whose time is over."""


@pytest.fixture
def failing(behave):
    """Return the task of a workflow that does what the test wants."""

    def make(behavior):
        behave(Failing, behavior)
        return only_task(Failing.start(), "work")

    return make


def raising(error):
    def behavior(*args):
        raise error

    return behavior


@pytest.fixture
def unknown():
    """Give a task whose class has gone from the code."""
    task = only_task(Chain.start(), "first")
    task.content_type = ContentType.objects.create(app_label="nowhere", model="forgotten")
    Task.objects.filter(pk=task.pk).update(content_type=task.content_type)
    yield task
    ContentType.objects.clear_cache()  # the next one may have the same key


@pytest.mark.django_db
class TestRun:
    def test_it_completes_the_task_and_starts_what_follows(self):
        task = only_task(Chain.start(), "first")

        assert run_step(task) is None

        task.refresh_from_db()
        assert (task.status, task.exception) == (Task.SUCCEEDED, "")
        assert task.completed >= task.started
        assert [child.name for child in task.child_task_set.all()] == ["second"]
        assert Chain.objects.get().text == "1"

    def test_a_task_that_is_closed_is_dropped(self, caplog):
        caplog.set_level(logging.INFO, "joeflow")
        task = only_task(Chain.start(), "first")
        task.cancel()

        assert run_step(task) is None

        assert Chain.objects.get().text == ""
        assert caplog.messages[-1] == f"event=dropped task={task.pk} reason=closed"

    def test_a_task_that_is_gone_is_dropped(self, caplog):
        caplog.set_level(logging.INFO, "joeflow")
        workflow = Chain.start()
        task = only_task(workflow, "first")
        workflow.delete()

        assert run_step(task) is None

        assert caplog.messages[-1] == f"event=dropped task={task.pk} reason=gone"

    @pytest.mark.parametrize("attempts", [1, 5])
    def test_a_task_of_an_unknown_class_is_left_to_a_worker_that_knows_it(self, unknown, attempts):
        Task.objects.filter(pk=unknown.pk).update(attempts=attempts)

        assert run_step(unknown) is None

        unknown.refresh_from_db()
        assert unknown.status == Task.SCHEDULED

    def test_a_task_of_a_class_that_nobody_knows_fails_in_the_end(self, unknown):
        Task.objects.filter(pk=unknown.pk).update(attempts=6)

        assert run_step(unknown) is None

        unknown.refresh_from_db()
        assert unknown.status == Task.FAILED
        assert unknown.exception == (
            f"joeflow.exceptions.UnknownWorkflow: Task first ({unknown.pk}) is of "
            f"nowhere.forgotten, a workflow class that no worker knows. Bring it back and rerun "
            f"the task, or cancel the task."
        )

    def test_a_failed_task_waits_for_somebody(self):
        task = only_task(Chain.start(), "first")
        task.fail()

        assert run_step(task) is None

        task.refresh_from_db()
        assert task.status == Task.FAILED

    def test_a_message_that_comes_twice_runs_the_task_once(self):
        task = only_task(Chain.start(), "first")

        run_step(task)
        Task.objects.filter(name="second").update(eta=None, status=Task.FAILED)
        run_step(task)

        assert Chain.objects.get().text == "1"
        assert Task.objects.filter(name="second").count() == 1

    def test_a_message_whose_task_is_done_goes_on_with_what_is_due(self):
        task = only_task(Chain.start(), "first")
        run_step(task)

        run_step(task)

        assert Chain.objects.get().text == "12"

    def test_a_message_never_runs_a_task_of_another_instance(self):
        one, two = Chain.start(), Chain.start()

        assert engine.run(only_task(one, "first").pk, two.pk) is None

        assert set(Chain.objects.values_list("text", flat=True)) == {""}

    def test_a_task_whose_node_is_gone_fails_with_its_name(self):
        workflow = Chain.start()
        Task.objects.filter(name="first").update(name="zeroth")

        with pytest.raises(NodeNotFound):
            run_step(only_task(workflow, "zeroth"))

        assert only_task(workflow, "zeroth").exception == (
            "joeflow.exceptions.NodeNotFound: There is no node 'zeroth'; "
            "the nodes are: start, first, second, third."
        )

    def test_the_state_is_loaded_fresh(self):
        workflow = Chain.start()
        Chain.objects.update(text="0")

        run_step(only_task(workflow, "first"))

        assert Chain.objects.get().text == "01"


@pytest.mark.django_db
def test_a_worker_that_leaves__hands_out_the_oldest__also_if_it_became_due_meanwhile(
    handed_out, monkeypatch
):
    """Whose message was dropped meanwhile, as an older task was running, has no other one."""
    workflow = Long.start(count=2)
    task = workflow.task_set.get(name="step")
    later = workflow.task_set.create(
        name="step", type="machine", workflow=workflow, eta=task.eta + timedelta(hours=1)
    )
    step = Long.step

    def let_time_pass(instance):
        Task.objects.filter(pk=later.pk).update(eta=DatabaseNow())
        return step(instance)

    monkeypatch.setattr(Long, "step", let_time_pass)
    handed_out.clear()

    engine.run(task.pk, workflow.pk, stay=False)

    assert [call.task_pk for call in handed_out] == [later.pk]


@pytest.mark.django_db
class TestFailure:
    def test_it_is_recorded_and_raised(self, failing):
        task = failing(raising(ValueError("no paper")))

        with pytest.raises(ValueError, match="no paper") as error:
            run_step(task)

        task.refresh_from_db()
        assert (task.status, task.completed) == (Task.FAILED, None)
        assert task.exception == "ValueError: no paper"
        assert "raise error\nValueError: no paper\n" in task.stacktrace
        assert task.started is not None
        assert error.value.__notes__ == [
            f"joeflow: task work ({task.pk}) of workflow instance {task._workflow_id}"
        ]

    def test_what_the_node_wrote_is_rolled_back(self, failing):
        task = failing(raising(ValueError("no paper")))

        with pytest.raises(ValueError, match="no paper"):
            run_step(task)

        assert Failing.objects.get().text == ""

    def test_a_database_error_of_the_node_is_a_failure_like_any_other(self, failing):
        def write_twice(workflow):
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO django_content_type (app_label, model) "
                    "SELECT app_label, model FROM django_content_type"
                )

        task = failing(write_twice)

        with pytest.raises(IntegrityError):
            run_step(task)

        task.refresh_from_db()
        assert task.status == Task.FAILED
        assert "IntegrityError" in task.exception

    def test_it_is_not_recorded_where_somebody_canceled_the_task_meanwhile(self, failing, caplog):
        task = failing(raising(ValueError("no paper")))

        def cancel(step, error, record=visits.Step.record_failure):
            Task.objects.get(pk=task.pk).cancel()
            record(step, error)

        with (
            mock.patch("joeflow.visits.Step.record_failure", cancel),
            pytest.raises(ValueError, match="no paper"),
        ):
            run_step(task)

        task.refresh_from_db()
        assert (task.status, task.exception) == (Task.CANCELED, "")
        assert caplog.messages[-1] == (
            f"event=failure_not_recorded task=work ({task.pk}) exception='ValueError: no paper'"
        )

    @pytest.mark.parametrize("change", [{"attempts": 2}, {"eta": None}])
    def test_it_is_not_recorded_where_the_task_was_handed_out_again_meanwhile(
        self, failing, change
    ):
        task = failing(raising(ValueError("no paper")))

        def hand_out_again(step, error, record=visits.Step.record_failure):
            Task.objects.filter(pk=task.pk).update(**change)
            record(step, error)

        with (
            mock.patch("joeflow.visits.Step.record_failure", hand_out_again),
            pytest.raises(ValueError, match="no paper"),
        ):
            run_step(task)

        task.refresh_from_db()
        assert (task.status, task.exception) == (Task.SCHEDULED, "")

    def test_a_failure_while_somebody_else_has_the_lock_is_logged(self, failing, caplog):
        task = failing(raising(ValueError("no paper")))

        with (
            mock.patch("joeflow.transitions.lock_instance", side_effect=InstanceLocked),
            pytest.raises(ValueError, match="no paper"),
        ):
            run_step(task)

        assert "event=failure_not_recorded" in caplog.text

    def test_a_node_that_closes_its_own_task_fails(self, failing):
        task = failing(lambda workflow: workflow.cancel())

        with pytest.raises(JoeflowError) as error:
            run_step(task)

        assert str(error.value) == (
            f"Task work ({task.pk}) was closed by its own node; "
            f"a node must leave its own task open."
        )
        task.refresh_from_db()
        assert task.status == Task.FAILED

    def test_the_time_limit_of_a_runner_is_a_failure_where_the_runner_says_so(self, failing):
        task = failing(raising(Stop("time is over")))

        with pytest.raises(Stop):
            run_step(task, failures=(Exception, Stop))

        task.refresh_from_db()
        assert task.status == Task.FAILED

    def test_what_ends_the_process_is_no_failure(self, failing):
        task = failing(raising(Stop()))

        with pytest.raises(Stop):
            run_step(task)

        task.refresh_from_db()
        assert task.status == Task.SCHEDULED
        assert Failing.objects.get().text == ""

    def test_a_rerun_succeeds(self, failing, behave):
        task = failing(raising(ValueError("no paper")))
        with pytest.raises(ValueError, match="no paper"):
            run_step(task)

        behave(Failing, lambda workflow: None)
        task.enqueue()
        run_step(task)

        task.refresh_from_db()
        assert (task.status, task.exception) == (Task.SUCCEEDED, "")
        assert Failing.objects.get().text == "written"


@pytest.mark.django_db
class TestDatabaseErrors:
    @pytest.mark.parametrize("error", [OperationalError("gone away"), InterfaceError("closed")])
    def test_the_message_comes_back(self, failing, error, caplog):
        task = failing(raising(error))

        come_back = run_step(task, bounces=4)

        assert come_back == ComeBack(mock.ANY, bounces=4, errors=1)
        assert 0.05 <= come_back.delay <= 0.1
        task.refresh_from_db()
        assert task.status == Task.SCHEDULED
        assert caplog.messages == [f"event=database_error task={task.pk} errors=1 error={error}"]

    def test_the_delay_grows_with_the_count(self, failing):
        task = failing(raising(OperationalError()))

        come_back = run_step(task, errors=5)

        assert come_back.errors == 6
        assert 1.6 <= come_back.delay <= 3.2

    def test_the_tenth_error_is_a_failure(self, failing):
        task = failing(raising(OperationalError("no such table: nothing")))

        with pytest.raises(OperationalError):
            run_step(task, errors=9)

        task.refresh_from_db()
        assert task.status == Task.FAILED
        assert task.exception == "django.db.utils.OperationalError: no such table: nothing"

    def test_after_the_tenth_error_the_other_branches_are_handed_out(self, behave, handed_out):
        def fail(workflow, name):
            if name == "a":
                raise OperationalError

        behave(Branches, fail)
        workflow = Branches.start()

        with pytest.raises(OperationalError):
            run_step(only_task(workflow, "a"), errors=9)

        assert [call.task_pk for call in handed_out] == [only_task(workflow, "b").pk]

    def test_what_is_caught_must_not_commit(self, failing):
        def catch(workflow):
            with (
                suppress(OperationalError),
                connection.execute_wrapper(raising(OperationalError("deadlock"))),
            ):
                Failing.objects.first()

        task = failing(catch)

        assert run_step(task) == ComeBack(mock.ANY, errors=1)

        task.refresh_from_db()
        assert task.status == Task.SCHEDULED
        assert Failing.objects.get().text == ""

    def test_an_error_before_any_task_is_read_is_raised_at_last(self):
        task = only_task(Chain.start(), "first")

        with (
            mock.patch("joeflow.steps.load_locked", side_effect=OperationalError),
            pytest.raises(OperationalError),
        ):
            run_step(task, errors=9)

        task.refresh_from_db()
        assert task.status == Task.SCHEDULED


@pytest.mark.django_db
class TestLocked:
    @pytest.mark.parametrize(
        ("bounces", "shortest", "longest"),
        [(0, 0.05, 0.1), (1, 0.1, 0.2), (4, 0.8, 1.6), (20, 15, 30), (5000, 15, 30)],
    )
    def test_the_message_comes_back_with_a_growing_delay(self, bounces, shortest, longest):
        task = only_task(Chain.start(), "first")

        with mock.patch("joeflow.steps.load_locked", side_effect=InstanceLocked):
            come_back = run_step(task, bounces=bounces, errors=3)

        assert come_back == ComeBack(mock.ANY, bounces=bounces + 1, errors=3)
        assert shortest <= come_back.delay <= longest

    def test_the_delay_has_jitter(self):
        delays = {engine._growing_delay(0) for _ in range(20)}

        assert len(delays) > 1

    def test_a_node_that_finds_another_instance_locked_comes_back(self, failing):
        task = failing(raising(InstanceLocked()))

        assert run_step(task) == ComeBack(mock.ANY, bounces=1)

        task.refresh_from_db()
        assert task.status == Task.SCHEDULED
        assert Failing.objects.get().text == ""


@pytest.mark.django_db
class TestStay:
    def test_a_worker_stays_until_nothing_is_due(self, handed_out):
        workflow = Chain.start()

        assert engine.run(*message(only_task(workflow, "first"))) is None

        workflow.refresh_from_db()
        assert workflow.text == "123"
        assert handed_out == []

    def test_a_stay_of_no_seconds_is_one_task_per_message(self, settings, handed_out):
        settings.JOEFLOW_STAY_SECONDS = 0
        workflow = Chain.start()

        engine.run(*message(only_task(workflow, "first")))

        assert Chain.objects.get().text == "1"
        assert [call.task_pk for call in handed_out] == [only_task(workflow, "second").pk]

    def test_a_runner_can_forbid_it(self, handed_out):
        workflow = Chain.start()

        engine.run(*message(only_task(workflow, "first")), stay=False)

        assert Chain.objects.get().text == "1"
        assert len(handed_out) == 1

    def test_the_rest_is_handed_out_when_the_time_is_over(self, handed_out):
        workflow = SplitJoin.start()
        # The clock says: begun at 0, after the first task 1, after the second 2.
        with mock.patch("joeflow.visits.time", monotonic=mock.Mock(side_effect=[0, 1, 2])):
            engine.run(*message(only_task(workflow, "split")))

        assert only_task(workflow, "batman").status == Task.SUCCEEDED
        assert [call.task_pk for call in handed_out] == [only_task(workflow, "robin").pk]

    def test_the_named_task_is_first_and_then_the_oldest(self, behave):
        order = []
        behave(Branches, lambda workflow, name: order.append(name))
        workflow = Branches.start()
        a, b = only_task(workflow, "a"), only_task(workflow, "b")
        set_eta(a, hours=-1)
        end = Task.objects.create(name="a", type="machine", workflow=workflow)
        end.enqueue()
        set_eta(end, hours=-2)

        engine.run(*message(b))

        assert order == ["b", "a", "a"]
        end.refresh_from_db()
        a.refresh_from_db()
        assert end.started < a.started

    def test_an_exception_is_raised_after_the_rest_was_handed_out(self, behave, handed_out):
        def fail(workflow, name):
            raise ValueError(name)

        behave(Branches, fail)
        workflow = Branches.start()
        b = only_task(workflow, "b")

        with pytest.raises(ValueError, match="a"):
            engine.run(*message(only_task(workflow, "a")))

        assert [call.task_pk for call in handed_out] == [b.pk]
        b.refresh_from_db()
        assert b.status == Task.SCHEDULED

    def test_the_exception_of_a_later_step_has_that_step_s_key(self):
        workflow = Chain.start()

        with (
            mock.patch.object(Chain, "third", side_effect=ValueError("no paper")),
            pytest.raises(ValueError, match="no paper") as error,
        ):
            engine.run(*message(only_task(workflow, "first")))

        third = only_task(workflow, "third")
        assert error.value.__notes__ == [
            f"joeflow: task third ({third.pk}) of workflow instance {workflow.pk}"
        ]
        assert third.status == Task.FAILED
        assert Chain.objects.get().text == "12"

    def test_the_people_s_tasks_are_left_alone(self):
        workflow = Branches.start()

        engine.run(*message(only_task(workflow, "a")))

        assert only_task(workflow, "desk").status == Task.SCHEDULED
        assert only_task(workflow, "b").status == Task.SUCCEEDED
        assert only_task(workflow, "join").eta is None

    def test_what_is_due_later_is_left_for_later(self, handed_out):
        workflow = Waiting.start()
        wait = only_task(workflow, "wait")
        handed_out.clear()

        assert engine.run(*message(wait)) is None

        wait.refresh_from_db()
        assert wait.status == Task.SCHEDULED
        assert handed_out == []

    def test_a_message_that_came_a_little_early_comes_back(self):
        workflow = Chain.start()
        task = only_task(workflow, "first")
        task.enqueue(countdown=4)

        come_back = engine.run(*message(task))

        assert 3 < come_back.delay <= 4
        assert (come_back.bounces, come_back.errors) == (0, 0)

    def test_rows_of_older_versions_without_an_instant_are_due(self):
        workflow = Chain.start()
        Task.objects.filter(name="first").update(eta=None, attempts=0)

        engine.run(*message(only_task(workflow, "first")))

        assert Chain.objects.get().text == "123"

    def test_a_waiting_join_is_not_due(self):
        workflow = Branches.start()
        engine.run(*message(only_task(workflow, "a")))
        join = only_task(workflow, "join")

        assert engine.run(*message(join)) is None

        join.refresh_from_db()
        assert join.status == Task.SCHEDULED


@pytest.mark.django_db(transaction=True)
class TestCommitHooks:
    def test_somebody_s_hook_that_raises_is_no_failure(self, failing, caplog):
        def add_hook(workflow):
            transaction.on_commit(raising(ValueError("mail server")).__get__(workflow))

        task = failing(add_hook)

        assert engine.run(*message(task)) is None

        task.refresh_from_db()
        assert task.status == Task.SUCCEEDED
        assert only_task(Failing.objects.get(), "end").status == Task.SUCCEEDED
        record = next(r for r in caplog.records if "hook_failed" in r.message)
        assert record.message == f"event=hook_failed workflow_pk={task._workflow_id}"
        assert record.exc_info[1].args == ("mail server",)

    def test_our_own_hook_comes_first(self, failing, handed_out):
        order = []

        def add_hook(workflow):
            transaction.on_commit(lambda: order.append([call.task_pk for call in handed_out]))
            workflow.task_set.get(name="aside").enqueue(countdown=2)

        task = failing(add_hook)
        aside = Task.objects.create(name="aside", type="machine", workflow=task.workflow)
        handed_out.clear()

        engine.run(*message(task), stay=False)

        assert order == [[aside.pk]]

    def test_a_hook_that_raises_does_not_keep_tasks_from_being_handed_out(
        self, failing, handed_out
    ):
        def add_hook(workflow):
            transaction.on_commit(raising(ValueError("mail server")).__get__(workflow))

        task = failing(add_hook)
        handed_out.clear()

        engine.run(*message(task), stay=False)

        end = only_task(Failing.objects.get(), "end")
        assert [call.task_pk for call in handed_out] == [end.pk]


@pytest.mark.django_db
class TestPoison:
    def lost(self, task, attempts=2, starts=0):
        Task.objects.filter(pk=task.pk).update(attempts=attempts, starts=starts)

    def test_the_usual_run_counts_nothing(self):
        task = only_task(Chain.start(), "first")

        run_step(task)

        task.refresh_from_db()
        assert task.starts == 0

    def test_a_run_after_one_without_result_counts_itself_first(self):
        task = only_task(Chain.start(), "first")
        self.lost(task)

        run_step(task)

        task.refresh_from_db()
        assert (task.starts, task.status) == (1, Task.SUCCEEDED)

    def test_the_count_is_committed_before_the_node_runs(self, failing):
        task = failing(raising(Stop()))
        self.lost(task)

        with pytest.raises(Stop):
            run_step(task)

        task.refresh_from_db()
        assert task.starts == 1

    def test_a_run_of_a_message_that_came_again_counts_itself(self):
        task = only_task(Chain.start(), "first")

        run_step(task, redelivered=True)

        task.refresh_from_db()
        assert task.starts == 1

    def test_only_the_task_whose_run_was_lost_is_counted(self):
        workflow = Chain.start()

        engine.run(*message(only_task(workflow, "first")), redelivered=True)

        assert list(Task.objects.order_by("pk").values_list("starts", flat=True)) == [0, 1, 0, 0]

    def test_after_too_many_starts_it_fails(self, settings):
        task = only_task(Chain.start(), "first")
        self.lost(task, attempts=7, starts=5)

        with pytest.raises(JoeflowError) as error:
            run_step(task)

        assert str(error.value) == (
            f"Task first ({task.pk}) was started 5 times and never came back. "
            f"Its worker was killed each time, or lost its database; see the worker's log."
        )
        task.refresh_from_db()
        assert task.status == Task.FAILED
        assert task.exception.endswith(str(error.value))
        assert Chain.objects.get().text == ""

    def test_the_number_of_starts_is_a_setting(self, settings):
        settings.JOEFLOW_MAX_STARTS = 1
        task = only_task(Chain.start(), "first")
        self.lost(task, starts=1)

        with pytest.raises(JoeflowError, match="was started 1 times"):
            run_step(task)

    def test_a_result_forgets_the_count(self, behave):
        behave(Gateway, lambda workflow: False)
        task = only_task(Gateway.start(), "choose")
        self.lost(task, starts=3)

        run_step(task)

        task.refresh_from_db()
        assert task.starts == 0


@pytest.mark.django_db(transaction=True)
def test_a_long_way_in_eager_mode_is_no_recursion(settings):
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.eager"
    settings.JOEFLOW_STAY_SECONDS = 0

    # Each step would add a dozen frames, and Python allows a thousand.
    workflow = Long.start(count=150)

    workflow.refresh_from_db()
    assert workflow.count == 0
