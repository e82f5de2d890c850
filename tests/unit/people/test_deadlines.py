"""When tasks are due, who is reminded, and what happens when they are late."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.utils import timezone

from joeflow import engine, recovery
from joeflow.escalations import fire_alarms
from joeflow.exceptions import InvalidDeadline, InvalidNextNodes, JoeflowError
from joeflow.models import Event, Task
from joeflow.signals import task_overdue, task_reminded
from joeflow.testing import let_pass, run
from tests import runners
from tests.testapp.models import Approval, Deadline, LateBranch

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MOMENT = timedelta(seconds=30)


@pytest.fixture
def told():
    """What was sent by the signals, in order."""
    sent = []

    def note(sender, name, signal, **keys):
        sent.append(("reminded" if signal is task_reminded else "overdue", name))

    for signal in (task_reminded, task_overdue):
        signal.connect(note)
    yield sent
    for signal in (task_reminded, task_overdue):
        signal.disconnect(note)


@pytest.fixture
def on_commit(django_capture_on_commit_callbacks):
    """Return a function that does something, and what follows its commit."""

    def act(function, *args, **kwargs):
        with django_capture_on_commit_callbacks(execute=True):
            return function(*args, **kwargs)

    return act


def task_of(workflow, name):
    return workflow.task_set.get(name=name)


def kinds(task):
    return [event.kind for event in task.event_set.order_by("pk")]


def statuses(workflow):
    return {task.name: task.status for task in workflow.task_set.all()}


class TestDue:
    def test_a_timedelta__is_from_its_creation_on(self):
        task = task_of(Approval.start(), "approve")

        assert abs(task.due - task.created - 3 * DAY) < MOMENT
        assert task.due - task.eta == DAY

    def test_it_takes_no_more_statements(self, statements, monkeypatch):
        Approval.start()
        with statements:
            Approval.start()
        number = len(statements.data)

        monkeypatch.setattr(Approval.approve, "due", None)
        with statements:
            Approval.start()

        assert len(statements.data) == number

    def test_the_database_s_clock_counts(self):
        past = datetime(2001, 1, 1, tzinfo=UTC)
        with mock.patch("django.utils.timezone.now", return_value=past):
            workflow = Approval.start()

        assert task_of(workflow, "approve").due.year > 2001

    def test_a_method_of_the_workflow__can_return_an_instant(self):
        instant = datetime(2040, 5, 6, 7, tzinfo=UTC)

        task = task_of(Deadline.start(until=instant), "answer")

        assert task.due == instant
        assert task.eta == instant - timedelta(hours=6)

    def test_a_function__can_return_a_timedelta(self):
        workflow = Deadline.start(days=2)
        with_answer = task_of(workflow, "answer")
        with_answer.finish()
        with_answer.start_next_tasks()

        task = task_of(workflow, "look")

        assert abs(task.due - task.created - 2 * DAY) < MOMENT
        assert task.eta == task.due

    def test_none__is_never_due(self):
        task = task_of(Deadline.start(), "answer")

        assert (task.due, task.eta, task.is_late) == (None, None, False)

    def test_an_instant_without_zone__is_in_the_active_one(self, monkeypatch):
        monkeypatch.setattr(Deadline.answer, "due", lambda workflow: datetime(2040, 5, 6, 7))  # noqa: DTZ001
        with timezone.override("Europe/Berlin"):
            task = task_of(Deadline.start(), "answer")

        assert task.due == datetime(2040, 5, 6, 5, tzinfo=UTC)

    @pytest.mark.parametrize("value", [3, "tomorrow", datetime(2040, 1, 1, tzinfo=UTC).date()])
    def test_anything_else__is_refused_and_nothing_is_started(self, monkeypatch, value):
        monkeypatch.setattr(Deadline.answer, "due", lambda workflow: value)

        with pytest.raises(InvalidDeadline, match=r"is no time for a task\. Give a datetime"):
            Deadline.start()

        assert not Task.objects.exists()

    def test_a_task_that_the_view_creates_itself__is_due_too(self, monkeypatch):
        def create_task(workflow, prev_task):
            return workflow.task_set.create(name="approve", type="human", workflow=workflow)

        monkeypatch.setattr(Approval.approve, "create_task", create_task, raising=False)

        task = task_of(Approval.start(), "approve")

        assert abs(task.due - task.created - 3 * DAY) < MOMENT

    def test_after_an_override__it_is_due_anew(self):
        workflow = let_pass(Approval.start(), 2 * DAY)

        engine.override(workflow, [Approval.get_node("approve")])

        task = workflow.task_set.open().get()
        assert abs(task.due - task.created - 3 * DAY) < MOMENT

    def test_what_is_late__is_found(self):
        late, early = Approval.start(), Approval.start()
        let_pass(late, 4 * DAY)

        assert list(Task.objects.overdue()) == [task_of(late, "approve")]
        assert "status" in str(Task.objects.overdue().values("pk").query)  # else no index helps
        assert task_of(late, "approve").is_late
        assert not task_of(early, "approve").is_late

    def test_what_is_done__is_not_late(self):
        workflow = let_pass(Approval.start(), 4 * DAY)
        task = task_of(workflow, "approve")

        task.finish()

        assert not task_of(workflow, "approve").is_late
        assert not Task.objects.overdue().exists()


class TestReminder:
    def test_too_early__nothing_happens(self, told, on_commit):
        workflow = Approval.start()

        assert on_commit(let_pass, workflow, timedelta(days=1, hours=23))
        assert told == []

    def test_it_is_told_once(self, told, on_commit):
        workflow = on_commit(let_pass, Approval.start(), timedelta(days=2, hours=1))
        on_commit(recovery.sweep)

        task = task_of(workflow, "approve")
        assert told == [("reminded", "approve")]
        assert kinds(task) == [Event.REMINDED]
        assert task.eta == task.due

    def test_of_what_is_done__nobody_is_reminded(self, told, on_commit):
        workflow = Approval.start()
        task_of(workflow, "approve").finish()

        on_commit(let_pass, workflow, 4 * DAY)

        assert told == []


class TestEscalation:
    def test_after_an_outage__all_happens_once_and_in_order(self, told, on_commit):
        workflow = on_commit(let_pass, Approval.start(), 9 * DAY)
        on_commit(recovery.sweep)

        task = task_of(workflow, "approve")
        assert told == [("reminded", "approve"), ("overdue", "approve")]
        assert kinds(task) == [Event.REMINDED, Event.ESCALATED]
        assert task.eta is None
        assert workflow.task_set.filter(name="escalate").count() == 1

    def test_the_sweep_hands_it_out(self, on_commit):
        workflow = Approval.start()
        with mock.patch("joeflow.testing.fire_alarms"):
            let_pass(workflow, 4 * DAY)
        runners.calls.clear()

        on_commit(recovery.sweep)

        escalate = task_of(workflow, "escalate")
        assert [call.task_pk for call in runners.calls] == [escalate.pk]
        assert list(escalate.parent_task_set.all()) == [task_of(workflow, "approve")]

    def test_tasks__end_the_late_one_and_the_way_goes_there(self):
        workflow = run(let_pass(Approval.start(), 4 * DAY))

        assert statuses(workflow) == {
            "start": "succeeded",
            "approve": "canceled",
            "escalate": "succeeded",
            "decide": "scheduled",
        }
        approve, decide = task_of(workflow, "approve"), task_of(workflow, "decide")
        assert [event.describe() for event in approve.event_set.all()][-1] == (
            "It was canceled: overdue."
        )
        assert [parent.name for parent in decide.parent_task_set.all()] == ["escalate"]

    def test_none__leaves_the_late_one_open(self):
        workflow = run(let_pass(Approval.start(goes_on=False), 4 * DAY))

        assert workflow.looked == 1
        assert statuses(workflow) == {
            "start": "succeeded",
            "approve": "scheduled",
            "escalate": "succeeded",
        }
        assert workflow._ended is None

    def test_an_empty_list__ends_the_late_one(self, monkeypatch):
        workflow = let_pass(Approval.start(), 4 * DAY)
        monkeypatch.setattr(Approval, "escalate", lambda self: [])

        run(workflow)

        assert statuses(workflow)["approve"] == "canceled"
        assert workflow._ended is not None

    @pytest.mark.parametrize("result", [True, 1, "decide", {"decide": 1}])
    def test_what_says_nothing_of_where_to_go__fails_and_the_late_one_stays(
        self, monkeypatch, result
    ):
        workflow = let_pass(Approval.start(), 4 * DAY)
        monkeypatch.setattr(Approval, "escalate", lambda self: result)

        with pytest.raises(InvalidNextNodes, match="None to leave the late task open, or a list"):
            run(workflow)

        assert statuses(workflow)["approve"] == "scheduled"
        assert statuses(workflow)["escalate"] == "failed"

    def test_not_yet__is_asked_again(self, monkeypatch):
        workflow = let_pass(Approval.start(), 4 * DAY)
        monkeypatch.setattr(Approval, "escalate", lambda self: False)

        run(workflow)

        assert statuses(workflow)["approve"] == "scheduled"
        assert statuses(workflow)["escalate"] == "scheduled"

    def test_a_task_without_edge__fails_and_nothing_has_changed(self, monkeypatch):
        workflow = let_pass(Approval.start(), 4 * DAY)
        monkeypatch.setattr(Approval, "escalate", lambda self: [self.end])

        with pytest.raises(JoeflowError, match=r"Add \(escalate, end\) to the edges"):
            run(workflow)

        assert statuses(workflow)["approve"] == "scheduled"

    def test_who_was_faster__makes_it_pointless(self):
        workflow = let_pass(Approval.start(), 4 * DAY)
        approve, escalate = task_of(workflow, "approve"), task_of(workflow, "escalate")

        approve.finish()
        approve.start_next_tasks()

        run(workflow)
        assert task_of(workflow, "escalate").status == Task.CANCELED
        assert workflow.looked == 0
        assert escalate.child_task_set.count() == 0

    def test_one_that_failed__is_gone_with_the_late_one(self, monkeypatch):
        workflow = let_pass(Approval.start(), 4 * DAY)
        monkeypatch.setattr(Approval, "escalate", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(workflow)

        task = task_of(workflow, "approve")
        task.finish()
        task.start_next_tasks()

        run(workflow)
        assert statuses(workflow)["escalate"] == Task.CANCELED
        assert workflow._ended is not None

    def test_a_late_one_that_is_canceled_with_others__makes_it_pointless(self):
        workflow = let_pass(Approval.start(), 4 * DAY)
        workflow.task_set.filter(name="approve").cancel()

        run(workflow).refresh_from_db()

        assert workflow.looked == 0
        assert statuses(workflow)["escalate"] == Task.CANCELED
        assert workflow._ended is not None

    def test_started_by_hand__it_is_a_task_like_others(self):
        workflow = Approval.start(goes_on=False)
        engine.override(workflow, [Approval.get_node("escalate")])

        run(workflow)

        assert statuses(workflow)["decide"] == "scheduled"

    def test_a_join__waits_for_what_only_comes_when_it_is_late(self):
        workflow = LateBranch.start()
        pack = task_of(workflow, "pack")
        pack.finish()
        pack.start_next_tasks()
        join = task_of(workflow, "join")

        run(workflow)

        assert task_of(workflow, "join").status == Task.SCHEDULED
        run(let_pass(workflow, 4 * DAY))
        insist = task_of(workflow, "insist")
        insist.finish()
        insist.start_next_tasks()
        run(workflow)
        assert task_of(workflow, "join").pk == join.pk
        assert workflow._ended is not None

    def test_one_that_cannot_be_done__does_not_keep_back_the_others(self, caplog):
        broken, fine = Approval.start(), Approval.start()
        with mock.patch("joeflow.testing.fire_alarms"):
            let_pass(broken, 5 * DAY)
            let_pass(fine, 4 * DAY)

        def record(self, kind, task, *args, **kwargs):
            if task._workflow_id == broken.pk:
                raise ValueError("broken")

        with mock.patch("joeflow.transitions.Transition.record", record):
            assert fire_alarms("default") == 1

        assert "event=alarm_failed" in caplog.text
        assert statuses(fine)["escalate"] == "scheduled"
        assert "escalate" not in statuses(broken)

    def test_a_paused_instance__is_left_alone_until_it_goes_on(self):
        workflow = Approval.start()
        Approval.objects.filter(pk=workflow.pk).update(_paused=timezone.now())
        let_pass(workflow, 4 * DAY)
        assert "escalate" not in statuses(workflow)

        Approval.objects.filter(pk=workflow.pk).update(_paused=None)
        recovery.sweep()

        assert statuses(workflow)["escalate"] == "scheduled"

    def test_a_sweep_with_nothing_to_do__asks_once(self, django_assert_num_queries):
        Approval.start()

        with django_assert_num_queries(1):
            assert fire_alarms("default") == 0

    def test_after_the_commit_of_what_has_happened__nothing_happens_again(self, settings):
        """Somebody's commit hook may raise, or a runner that runs what it is given at once."""
        workflow = Approval.start()
        with mock.patch("joeflow.testing.fire_alarms"):
            let_pass(workflow, 4 * DAY)

        with (
            mock.patch("joeflow.escalations._put_off") as put_off,
            mock.patch("joeflow.escalations.transition", _committed_and_broken),
        ):
            assert fire_alarms("default") == 1

        assert not put_off.called

    def test_a_reminder_that_fails__comes_before_what_is_late(self, told, on_commit):
        workflow = Approval.start()
        with mock.patch("joeflow.escalations._remind", side_effect=ZeroDivisionError):
            on_commit(let_pass, workflow, timedelta(days=2, hours=1))
        assert told == []

        on_commit(let_pass, workflow, 4 * DAY)

        assert told == [("reminded", "approve"), ("overdue", "approve")]

    def test_a_server_whose_clock_is_behind__leaves_nothing_open(self):
        workflow = let_pass(Approval.start(), 4 * DAY)
        workflow.task_set.filter(name="escalate").update(status=Task.FAILED)
        behind = timezone.now() - 9 * DAY

        with mock.patch("joeflow.snoozing.timezone.now", return_value=behind):
            task = task_of(workflow, "approve")
            task.finish()
            task.start_next_tasks([])

        workflow.refresh_from_db()
        assert workflow._ended is not None

    def test_tasks_that_are_canceled_at_once__leave_nothing_open(self):
        workflow = let_pass(Approval.start(), 4 * DAY)
        workflow.task_set.filter(name="escalate").update(status=Task.FAILED)

        Task.objects.filter(name="approve").cancel()

        assert statuses(workflow)["escalate"] == Task.CANCELED


@contextmanager
def _committed_and_broken(*args, **options):
    yield mock.MagicMock(committed=True)
    raise ZeroDivisionError
