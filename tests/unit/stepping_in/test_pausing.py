"""Nothing starts in an instance that is paused."""

import logging
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps
from django.utils import timezone

from joeflow import engine, testing
from joeflow.exceptions import InstanceLocked, JoeflowError
from joeflow.models import Event, Task, Workflow, WorkflowQuerySet
from joeflow.recovery import sweep
from tests.testapp.models import (
    Approval,
    Branches,
    Chain,
    Failing,
    Long,
    Meeting,
    SplitJoin,
    Waiting,
)

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
HAS_ROW_LOCKS = connection.features.has_select_for_update


@pytest.fixture
def chain(handed_out):
    chain = Chain.start()
    handed_out.clear()
    return chain


@pytest.fixture
def first(chain):
    return chain.task_set.get(name="first")


def let_due(task, ago=HOUR, **values):
    Task.objects.filter(pk=task.pk).update(eta=timezone.now() - ago, **values)


def text(chain):
    return Chain.objects.get(pk=chain.pk).text


class TestPause:
    def test_one_that_is_canceled_meanwhile__is_not_paused_any_more(self, chain):
        chain.pause()

        chain.cancel()

        chain.refresh_from_db()
        assert (chain.is_paused, chain._ended is not None) == (False, True)
        assert not Chain.objects.filter(_paused__isnull=False).exists()

    def test_a_message_is_dropped(self, chain, first, caplog):
        chain.pause()

        with caplog.at_level(logging.INFO, logger="joeflow"):
            assert engine.run(first.pk, chain.pk) is None

        assert text(chain) == ""
        assert Task.objects.get(pk=first.pk).status == Task.SCHEDULED
        assert f"event=dropped task={first.pk} reason=paused" in caplog.messages

    def test_a_message_of_a_paused_instance_takes_fewer_statements(self, chain, first, statements):
        chain.pause()

        with statements:
            engine.run(first.pk, chain.pk)

        # Which class it is; the lock, which reads it.
        assert len(statements.data) == (2 if HAS_ROW_LOCKS else 3)

    def test_a_worker_that_is_there_stops(self, chain, first):
        def pause(workflow):
            Chain.objects.get(pk=chain.pk).pause()

        with mock.patch.object(Chain, "first", autospec=True, side_effect=pause):
            engine.run(first.pk, chain.pk)

        assert [task.name for task in chain.task_set.open()] == ["second"]
        assert text(chain) == ""

    def test_a_sweep_leaves_it_alone(self, chain, first, handed_out):
        let_due(first, attempts=0)
        chain.pause()

        assert sweep() == 0
        assert handed_out == []

    def test_a_sweep_finds_those_behind_it(self, chain, first, handed_out):
        let_due(first, attempts=0)
        chain.pause()
        other = Chain.start().task_set.get(name="first")
        let_due(other, attempts=0)
        handed_out.clear()

        assert sweep(limit=1) == 1
        assert [call.task_pk for call in handed_out] == [other.pk]

    def test_a_sweep_finds_no_join_of_it(self, handed_out):
        workflow = testing.run(Branches.start(), until="join")
        workflow.pause()
        workflow.task_set.open().exclude(name="join").delete()
        handed_out.clear()

        assert sweep(join_rest=timedelta(0)) == 0
        assert workflow.task_set.get(name="join").eta is None

    def test_nobody_is_reminded(self):
        approval = Approval.start()
        approval.pause()

        testing.let_pass(approval, timedelta(days=5))

        assert not Event.objects.exclude(kind=Event.PAUSED).exists()

    def test_it_is_recorded(self, chain, manager):
        chain.pause(by=manager, reason="The supplier is on strike.")

        event = Event.objects.get()
        assert (event._workflow_id, event.task, event.user) == (chain.pk, None, manager)
        assert event.describe() == "manager paused it: The supplier is on strike."

    def test_without_a_reason(self, chain):
        chain.pause()

        assert Event.objects.get().describe() == "Somebody paused it."

    def test_it_is_logged(self, chain, manager, caplog):
        with caplog.at_level(logging.INFO, logger="joeflow"):
            chain.pause(by=manager)

        line = f"event=instance_paused workflow=testapp.Chain workflow_pk={chain.pk}"
        assert f"{line} user={manager.pk}" in caplog.messages

    def test_the_instance_knows(self, chain):
        assert not chain.is_paused

        assert chain.pause() is True

        assert chain.is_paused
        assert list(Chain.objects.paused()) == [chain]
        assert not Chain.objects.not_paused().exists()

    def test_twice__the_first_one_counts(self, chain, manager):
        chain.pause(reason="First")

        assert chain.pause(by=manager, reason="Second") is False
        assert [event.text for event in Event.objects.all()] == ["First"]

    def test_one_that_has_ended__is_refused(self):
        workflow = testing.run(Chain.start())

        with pytest.raises(JoeflowError, match="has ended; there is nothing to pause"):
            workflow.pause()

    def test_one_that_is_gone__is_refused(self, chain):
        Chain.objects.get().delete()

        with pytest.raises(JoeflowError, match="is gone"):
            chain.pause()
        with pytest.raises(JoeflowError, match="is gone"):
            chain.resume()

    def test_an_old_copy_that_is_saved__does_not_resume_it(self, chain):
        copy = Chain.objects.get()
        chain.pause()

        copy.save()

        assert Chain.objects.get().is_paused

    def test_saving_it_afterwards__saves_the_state(self, chain):
        chain.pause()
        chain.text = "Changed"

        chain.save()

        assert text(chain) == "Changed"
        assert Chain.objects.get().is_paused

    def test_a_start_that_was_counted_and_did_not_run__is_none(self, chain, first, monkeypatch):
        let_due(first, attempts=2)
        real = Task.objects.filter(pk=first.pk)
        from joeflow.steps import Step

        count = Step._count

        def count_and_pause(step, current):
            count(step, current)
            current.instances.update(_paused=timezone.now())

        monkeypatch.setattr(Step, "_count", count_and_pause)

        engine.run(first.pk, chain.pk)

        assert real.get().starts == 0


class TestResume:
    def test_what_is_due_is_handed_out_once(self, chain, first, handed_out):
        chain.pause()
        engine.run(first.pk, chain.pk)
        let_due(first)

        assert chain.resume() is True
        sweep()

        assert [call.task_pk for call in handed_out] == [first.pk]
        assert not chain.is_paused

    def test_it_counts_as_the_first_attempt(self, chain, first):
        chain.pause()
        let_due(first, attempts=3)

        chain.resume()

        assert Task.objects.get(pk=first.pk).attempts == 1

    def test_it_goes_on(self, chain, first):
        chain.pause()
        engine.run(first.pk, chain.pk)
        chain.resume()

        engine.run(first.pk, chain.pk)

        assert text(chain) == "123"

    def test_what_has_become_due_meanwhile__in_the_order_of_time(self, handed_out):
        workflow = testing.run(SplitJoin.start(), until="batman")
        batman, robin = workflow.task_set.open().order_by("pk")
        workflow.pause()
        let_due(batman, HOUR)
        let_due(robin, 2 * HOUR)
        handed_out.clear()

        workflow.resume()

        assert [call.task_pk for call in handed_out] == [robin.pk, batman.pk]
        assert [t.pk for t in workflow.task_set.due().order_by("eta")] == [robin.pk, batman.pk]

    def test_a_wait_goes_on_waiting(self, handed_out):
        waiting = Waiting.start()
        waiting.pause()

        waiting.resume()

        assert handed_out == []
        assert waiting.task_set.get(name="wait").attempts == 0

    def test_what_is_due_soon__is_sent_again(self, chain, first, handed_out):
        eta = timezone.now() + timedelta(seconds=5)
        Task.objects.filter(pk=first.pk).update(eta=eta)
        chain.pause()
        engine.run(first.pk, chain.pk)  # a message that came too early

        chain.resume()

        assert [call.task_pk for call in handed_out] == [first.pk]
        assert 3 < handed_out[0].countdown <= 5

    def test_it_is_recorded(self, chain, manager):
        chain.pause()

        chain.resume(by=manager)

        assert Event.objects.last().describe() == "manager let it go on."

    def test_one_that_is_not_paused__stays_as_it_is(self, chain, first, handed_out):
        assert chain.resume() is False
        assert handed_out == []
        assert not Event.objects.exists()

    def test_who_is_late__is_reminded_once(self):
        approval = Approval.start(goes_on=False)
        approval.pause()
        testing.let_pass(approval, timedelta(days=5))

        approval.resume()
        testing.let_pass(approval, timedelta(0))
        testing.let_pass(approval, timedelta(0))

        kinds = [e.kind for e in Event.objects.exclude(kind__in=[Event.PAUSED, Event.RESUMED])]
        assert kinds == [Event.REMINDED, Event.ESCALATED]


class TestWhilePaused:
    def test_an_override__waits_to_start(self, chain, first, handed_out):
        chain.pause()

        engine.override(chain, [Chain.third])

        third = chain.task_set.get(name="third")
        engine.run(third.pk, chain.pk)
        assert text(chain) == ""
        chain.resume()
        engine.run(third.pk, chain.pk)
        assert text(chain) == "3"

    def test_cancel__ends_it(self, chain):
        chain.pause()

        assert chain.cancel() == 1
        assert Chain.objects.get()._ended is not None

    def test_waking__starts_nothing(self, chain, first):
        chain.pause()

        chain.wake()

        engine.run(first.pk, chain.pk)
        assert text(chain) == ""

    def test_testing__runs_nothing(self, chain):
        chain.pause()

        testing.run(chain)

        assert text(chain) == ""

    def test_testing__moves_no_time(self):
        waiting = Waiting.start()
        waiting.pause()
        before = waiting.task_set.get(name="wait").eta

        testing.run(waiting)

        assert waiting.task_set.get(name="wait").eta == before

    def test_testing__says_so(self, chain):
        chain.pause()

        with pytest.raises(JoeflowError, match=r"stands at: first \(scheduled\), and is paused"):
            testing.run(chain, until="second")

    def test_testing__goes_on_afterwards(self, chain):
        chain.pause()
        testing.run(chain)
        chain.resume()

        testing.run(chain)

        assert text(chain) == "123"


class TestMany:
    def test_pause_and_resume(self, manager):
        chains = [Chain.start() for _ in range(3)]

        paused = Chain.objects.filter(pk__in=[c.pk for c in chains[:2]]).pause(reason="Strike")
        resumed = Chain.objects.resume(by=manager)

        assert (paused.count, paused.unchanged, dict(paused.refused)) == (2, (), {})
        assert resumed.done == tuple(chain.pk for chain in chains[:2])
        assert resumed.unchanged == (chains[2].pk,)

    def test_one_that_has_ended__does_not_stop_the_others(self):
        ended, other = testing.run(Chain.start()), Chain.start()

        outcome = Chain.objects.pause()

        assert outcome.done == (other.pk,)
        assert [str(error) for error in outcome.refused.values()] == [
            f"{ended} has ended; there is nothing to pause."
        ]

    def test_a_busy_one__does_not_stop_the_others_and_one_is_waited_for(self, monkeypatch):
        from joeflow import transitions

        chains = [Chain.start() for _ in range(3)]
        real, asked = transitions.lock_instance, []

        def lock(workflow_pk, using, *, wait):
            asked.append(wait)
            if workflow_pk != chains[2].pk:
                raise InstanceLocked
            return real(workflow_pk, using, wait=wait)

        monkeypatch.setattr(transitions, "lock_instance", lock)

        outcome = Chain.objects.pause()

        assert outcome.done == (chains[2].pk,)
        assert asked == [True, False, False]

    def test_of_a_slice(self):
        chains = [Chain.start() for _ in range(3)]

        assert Chain.objects.order_by("pk")[1:].pause().done == (chains[1].pk, chains[2].pk)


class TestNames:
    """What a workflow calls its tasks and fields is not joeflow's business."""

    def test_verbs_may_be_nodes(self):
        from joeflow import checks

        names = checks.definitions._MAY_BE_SHADOWED

        assert {"pause", "resume", "plan_override", "is_paused"} <= names

    @isolate_apps("tests.testapp")
    def test_a_field_may_have_the_name_of_a_verb(self):
        class Application(Workflow):
            resume = models.TextField()
            pause = models.IntegerField(default=0)

            class Meta:
                app_label = "testapp"

        application = Application(resume="Ten years of honey.")

        assert (application.resume, application.pause) == ("Ten years of honey.", 0)

    def test_a_manager_of_a_project_s_own(self):
        meetings = [Meeting.start(), Meeting.start()]

        outcome = Meeting.objects.asked().pause()

        assert outcome.done == tuple(meeting.pk for meeting in meetings)
        assert Meeting.objects.asked().paused().count() == 2

    def test_a_workflow_has_the_queryset(self):
        assert isinstance(Failing.objects.all(), WorkflowQuerySet)
        assert isinstance(Workflow.objects.all(), WorkflowQuerySet)
        assert not Long.objects.use_in_migrations
