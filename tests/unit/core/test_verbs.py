"""What can be done to tasks and instances from code."""

from datetime import timedelta
from unittest import mock

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from joeflow import engine
from joeflow.exceptions import InstanceChanged, JoeflowError, NodeNotFound, TaskClosed
from joeflow.models import Task
from joeflow.testing import run
from tests.runners import Call
from tests.testapp.models import Branches, Chain, Hooked, SplitJoin

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(django_user_model):
    return django_user_model.objects.create(username="joe")


@pytest.fixture
def chain():
    return Chain.start()


@pytest.fixture
def first(chain):
    return chain.task_set.get(name="first")


def names(tasks):
    return sorted(task.name for task in tasks)


class TestFinish:
    def test_it_closes_the_task(self, first, user):
        first.finish(user)

        row = Task.objects.get(pk=first.pk)
        assert (row.status, row.completed_by_user) == (Task.SUCCEEDED, user)
        assert row.completed is not None
        assert row.completed == first.completed
        assert first.status == Task.SUCCEEDED

    def test_nobody_who_is_not_logged_in_is_recorded(self, first):
        first.finish(AnonymousUser())

        assert first.completed_by_user is None

    def test_it_starts_nothing(self, chain, first):
        first.finish()

        assert chain.task_set.open().count() == 0

    @pytest.mark.parametrize("verb", ["finish", "cancel", "fail"])
    @pytest.mark.parametrize("end", ["finish", "cancel"])
    def test_a_closed_task_cannot_be_closed_or_failed_again(self, first, user, verb, end):
        getattr(Task.objects.get(pk=first.pk), end)(user)
        before = Task.objects.values().get(pk=first.pk)

        with pytest.raises(TaskClosed) as error:
            getattr(first, verb)()

        status = {"finish": "succeeded", "cancel": "canceled"}[end]
        completed = Task.objects.get(pk=first.pk).completed
        assert str(error.value) == (
            f"Task first ({first.pk}) is closed: {status} at {completed} by joe. "
            f"To go there again, use an override."
        )
        assert Task.objects.values().get(pk=first.pk) == before
        assert first.status == Task.SCHEDULED

    def test_a_task_whose_instance_is_gone(self, chain, first):
        Chain.objects.get(pk=chain.pk).delete()

        with pytest.raises(TaskClosed) as error:
            first.finish()

        assert str(error.value) == (
            f"Task first ({first.pk}) is gone; its workflow instance was deleted."
        )

    def test_a_new_task_is_written_closed(self, chain, user):
        task = Task(workflow=chain, name="override", type="human")

        task.finish(user)

        row = Task.objects.get(pk=task.pk)
        assert (row.status, row.completed_by_user) == (Task.SUCCEEDED, user)
        assert row.completed == task.completed is not None


class TestCancel:
    def test_it_closes_the_task_as_canceled(self, first, user):
        first.cancel(user)

        row = Task.objects.get(pk=first.pk)
        assert (row.status, row.completed_by_user) == (Task.CANCELED, user)
        assert row.completed == first.completed is not None

    def test_a_queryset_cancels_what_is_open_and_says_how_many(self, user):
        workflows = [Branches.start(), Branches.start()]
        done = workflows[0].task_set.get(name="a")
        done.finish()

        count = Task.objects.cancel(user)

        assert count == 5
        assert Task.objects.canceled().count() == 5
        assert set(Task.objects.canceled().values_list("completed_by_user", flat=True)) == {user.pk}
        done.refresh_from_db()
        assert done.status == Task.SUCCEEDED

    def test_a_queryset_goes_instance_by_instance_in_order_of_key(self):
        workflows = [Chain.start() for _ in range(3)]
        locked = []

        with mock.patch("joeflow.transitions.lock_instance", lambda pk, *a, **k: locked.append(pk)):
            Task.objects.order_by("-pk").cancel()

        assert locked == sorted(workflow.pk for workflow in workflows)

    def test_an_instance_that_is_locked_ends_it(self):
        from joeflow.exceptions import InstanceLocked

        one, two = Chain.start(), Chain.start()

        def lock(pk, *args, **kwargs):
            if pk == two.pk:
                raise InstanceLocked

        with (
            mock.patch("joeflow.transitions.lock_instance", lock),
            pytest.raises(InstanceLocked) as error,
        ):
            Task.objects.cancel()

        assert str(error.value) == (
            "Somebody else is working on this workflow instance; try again in a moment."
        )
        assert one.task_set.open().count() == 0
        assert two.task_set.open().count() == 1

    def test_an_instance_cancels_its_own_open_tasks(self, chain, user):
        other = Chain.start()

        assert chain.cancel(user) == 1

        assert chain.task_set.canceled().get().completed_by_user == user
        assert other.task_set.open().count() == 1

    def test_canceling_nothing_changes_nothing(self, chain):
        chain.cancel()

        assert chain.cancel() == 0


class TestFail:
    def test_it_records_the_exception_that_is_handled(self, first):
        try:
            raise ValueError("no\x00 paper")
        except ValueError:
            first.fail()

        row = Task.objects.get(pk=first.pk)
        assert (row.status, row.completed) == (Task.FAILED, None)
        assert row.exception == "ValueError: no\\x00 paper"
        assert row.stacktrace.startswith("Traceback (most recent call last):")
        assert (first.status, first.exception) == (row.status, row.exception)

    def test_it_works_without_an_exception(self, first):
        first.fail()

        row = Task.objects.get(pk=first.pk)
        assert (row.status, row.exception, row.stacktrace) == (Task.FAILED, "", "")

    def test_local_variables_are_not_recorded(self, first):
        secret = "".join(["hun", "ter2"])
        try:
            int(secret)
        except ValueError as error:
            error.args = ("invalid",)
            first.fail()

        assert secret not in Task.objects.get(pk=first.pk).stacktrace


class TestEnqueue:
    def test_a_failed_task_is_the_same_row_on_its_next_attempt(self, first):
        Task.objects.filter(pk=first.pk).update(starts=5, attempts=7)
        first.fail()

        first.enqueue()

        row = Task.objects.get(pk=first.pk)
        assert (row.status, row.exception, row.stacktrace) == (Task.SCHEDULED, "", "")
        assert (row.starts, row.attempts) == (0, 1)
        assert (first.status, first.starts, first.attempts) == (Task.SCHEDULED, 0, 1)
        assert first.eta == row.eta

    @pytest.mark.parametrize("end", ["finish", "cancel"])
    def test_a_closed_task_cannot_be_enqueued(self, first, end):
        getattr(first, end)()

        with pytest.raises(TaskClosed, match="To go there again, use an override"):
            first.enqueue()

    def test_the_task_of_a_person_cannot_be_enqueued(self):
        task = Branches.start().task_set.get(name="desk")

        with pytest.raises(JoeflowError) as error:
            task.enqueue()

        assert str(error.value) == (
            f"Task desk ({task.pk}) is for a person, who completes it with its form; "
            f"only machine tasks can be enqueued."
        )

    def test_it_waits_for_the_commit_and_gives_nothing(
        self, chain, first, handed_out, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            assert first.enqueue() is None
            assert handed_out == []

        assert handed_out == [Call(first.pk, chain.pk, None, None)]

    @pytest.mark.django_db(transaction=True)
    def test_outside_of_a_transaction_it_gives_what_the_runner_returned(
        self, chain, first, handed_out
    ):
        handed_out.clear()

        assert first.enqueue() is handed_out[0]

    @pytest.mark.django_db(transaction=True)
    def test_a_runner_that_fails_gives_nothing(self, first, settings):
        settings.JOEFLOW_TASK_RUNNER = "tests.runners.broken"

        assert first.enqueue() is None

    def test_a_countdown_is_handed_on_and_written_as_an_instant(
        self, chain, first, handed_out, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            first.enqueue(countdown=7)

        row = Task.objects.get(pk=first.pk)
        assert handed_out == [Call(first.pk, chain.pk, 7, None)]
        assert timedelta(seconds=5) < row.eta - timezone.now() <= timedelta(seconds=7)
        assert row.attempts == 1

    def test_an_instant_is_handed_on_and_written(
        self, chain, first, handed_out, django_capture_on_commit_callbacks
    ):
        eta = timezone.now() + timedelta(seconds=7)

        with django_capture_on_commit_callbacks(execute=True):
            first.enqueue(eta=eta)

        assert handed_out == [Call(first.pk, chain.pk, None, eta)]
        assert Task.objects.get(pk=first.pk).eta == eta

    @pytest.mark.parametrize(
        "when", [{"countdown": 3600}, {"eta": timezone.now() + timedelta(days=2)}]
    )
    def test_what_is_due_much_later_stays_in_the_database(
        self, first, handed_out, django_capture_on_commit_callbacks, when
    ):
        with django_capture_on_commit_callbacks(execute=True):
            assert first.enqueue(**when) is None

        assert handed_out == []
        assert Task.objects.get(pk=first.pk).attempts == 0
        assert not Task.objects.due().exists()

    def test_an_instant_in_the_past_is_due_at_once(
        self, first, handed_out, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            first.enqueue(eta=timezone.now() - timedelta(days=1))

        assert len(handed_out) == 1
        assert Task.objects.due().get() == first


class TestStartNextTasks:
    def test_it_starts_what_the_edges_say(self, chain, first):
        first.finish()

        tasks = first.start_next_tasks()

        assert names(tasks) == ["second"]
        assert list(first.child_task_set.all()) == tasks
        assert list(tasks[0].parent_task_set.all()) == [first]

    def test_it_starts_chosen_nodes_in_their_order(self):
        workflow = Branches.start()
        task = workflow.task_set.get(name="a")
        task.finish()

        tasks = task.start_next_tasks([workflow.end, Branches.b])

        assert [task.name for task in tasks] == ["end", "b"]

    def test_twice_is_refused(self, first):
        first.finish()
        first.start_next_tasks()

        with pytest.raises(JoeflowError) as error:
            first.start_next_tasks()

        assert str(error.value) == (
            f"The tasks that follow task first ({first.pk}) have been started before; "
            f"to go there again, use an override."
        )

    def test_twice_in_one_transition_is_refused(self, chain, first):
        from joeflow.transitions import transition

        with transition(Task, chain.pk):
            first.finish()
            first.start_next_tasks()
            with pytest.raises(JoeflowError, match="have been started before"):
                first.start_next_tasks()

        assert chain.task_set.filter(name="second").count() == 1

    def test_a_foreign_node_is_refused(self, first):
        with pytest.raises(NodeNotFound):
            first.start_next_tasks([SplitJoin.end])

    def test_nothing_may_follow(self, chain, first):
        first.finish()

        assert first.start_next_tasks([]) == []

        chain.refresh_from_db()
        assert chain._ended is not None


class TestHooks:
    def test_nodes_may_make_their_own_rows(self, handed_out, django_capture_on_commit_callbacks):
        workflow = Hooked.start()
        task = workflow.task_set.get(name="choose")
        with django_capture_on_commit_callbacks(execute=True):
            task.finish()
            tasks = task.start_next_tasks()

        later = workflow.task_set.get(name="later")
        assert names(tasks) == ["desk", "later", "plain"]
        assert later.exception == "made by hook"
        assert (later.attempts, later.status) == (1, Task.SCHEDULED)
        assert later.eta is not None
        assert later.pk in [call.task_pk for call in handed_out]
        assert list(later.parent_task_set.all()) == [task]

    def test_a_person_is_no_runner_s_business(self, handed_out):
        workflow = Hooked.start()
        workflow.task_set.get(name="choose").start_next_tasks()

        desk = workflow.task_set.get(name="desk")
        assert (desk.eta, desk.attempts) == (None, 0)

    def test_a_delay_is_kept(self, handed_out, django_capture_on_commit_callbacks):
        workflow = Hooked.start()
        task = workflow.task_set.get(name="choose")
        with django_capture_on_commit_callbacks(execute=True):
            (still_later,) = task.start_next_tasks([workflow.still_later])

        row = Task.objects.get(pk=still_later.pk)
        assert row.eta - row.created > timedelta(seconds=4)
        assert handed_out[-1] == Call(row.pk, workflow.pk, 5.0, None)

    def test_a_hook_that_returns_nothing_is_named(self):
        task = Hooked.start().task_set.get(name="choose")

        with pytest.raises(JoeflowError) as error:
            task.start_next_tasks([Hooked.forgetful])

        assert str(error.value) == (
            "forgetful.create_task() returned None; it must return the saved task."
        )


class TestEnded:
    def test_an_instance_ends_with_its_last_open_task(self, chain):
        run(chain, until="third")
        assert chain._ended is None

        run(chain)
        assert chain._ended is not None

    def test_canceling_the_last_task_ends_it(self, chain, first):
        first.cancel()

        chain.refresh_from_db()
        assert chain._ended is not None

    def test_a_failed_task_does_not_end_it(self, chain, first):
        first.fail()

        chain.refresh_from_db()
        assert chain._ended is None

    def test_what_starts_again_reopens_it(self, chain):
        run(chain)

        engine.override(chain, [chain.third])
        chain.refresh_from_db()
        assert chain._ended is None

        run(chain)
        assert chain._ended is not None

    def test_it_is_decided_at_the_end_of_the_outermost_block(self, chain, first):
        from joeflow.transitions import transition

        with transition(Task, chain.pk):
            first.finish()
            assert Chain.objects.get()._ended is None
            first.start_next_tasks()

        assert Chain.objects.get()._ended is None

    def test_a_task_that_starts_and_ends_in_one_block_is_not_open(self, chain, first):
        from joeflow.transitions import transition

        with transition(Task, chain.pk):
            first.finish()
            (third,) = first.start_next_tasks([chain.third])
            third.finish()

        assert Chain.objects.get()._ended is not None


class TestOverride:
    def test_it_cancels_what_is_open_and_starts_what_was_chosen(self, user):
        workflow = Branches.start()
        workflow.task_set.get(name="a").fail()

        override = engine.override(workflow, [workflow.end], user)

        rows = Task.objects.filter(_workflow=workflow)
        assert dict(rows.values_list("name", "status")) == {
            "start": "succeeded",
            "a": "canceled",
            "b": "canceled",
            "desk": "canceled",
            "override": "succeeded",
            "end": "scheduled",
        }
        assert (override.type, override.completed_by_user) == ("human", user)
        assert names(override.parent_task_set.all()) == ["a", "b", "desk"]
        assert names(override.child_task_set.all()) == ["end"]
        canceled = rows.filter(status="canceled")
        assert {task.completed_by_user for task in canceled} == {user}

    def test_without_open_tasks_it_follows_the_last_one(self, chain):
        run(chain)

        override = engine.override(chain, [chain.first])

        assert names(override.parent_task_set.all()) == ["third"]

    def test_without_nodes_it_ends_the_instance(self, chain):
        engine.override(chain, [])

        chain.refresh_from_db()
        assert chain._ended is not None

    def test_what_somebody_saw_must_still_be_open(self, chain, first):
        with pytest.raises(InstanceChanged) as error:
            engine.override(chain, [chain.third], seen=[first.pk + 1])

        assert str(error.value) == (
            "The tasks of this instance have changed since they were shown; look again."
        )
        assert not chain.task_set.filter(name="override").exists()

    def test_what_somebody_saw_may_be_in_any_order(self):
        workflow = Branches.start()
        seen = list(workflow.task_set.open().order_by("-pk").values_list("pk", flat=True))

        engine.override(workflow, [], seen=seen)

        assert workflow.task_set.open().count() == 0

    def test_a_foreign_node_is_refused_before_anything_happens(self, chain):
        with pytest.raises(NodeNotFound):
            engine.override(chain, [SplitJoin.end])

        assert chain.task_set.open().count() == 1


class TestSave:
    def test_an_existing_task_is_not_saved_whole(self, first):
        with pytest.raises(ValueError, match="exists") as error:
            first.save()

        assert str(error.value) == (
            f"Task {first.pk} exists: name the columns to save, like "
            f"task.save(update_fields=['exception']), to avoid race conditions."
        )

    @pytest.mark.parametrize("kind", [list, tuple, set, frozenset, iter])
    def test_named_columns_are_saved_with_modified(self, first, kind):
        before = Task.objects.get(pk=first.pk).modified
        first.exception, first.name = "told", "not told"

        first.save(update_fields=kind(["exception"]))

        row = Task.objects.get(pk=first.pk)
        assert (row.exception, row.name) == ("told", "first")
        assert row.modified > before

    def test_the_list_of_the_caller_is_not_changed(self, first):
        columns = ["exception"]

        first.save(update_fields=columns)

        assert columns == ["exception"]

    def test_no_columns_save_nothing(self, first):
        before = Task.objects.values().get(pk=first.pk)
        first.exception = "not told"

        first.save(update_fields=[])

        assert Task.objects.values().get(pk=first.pk) == before

    def test_a_workflow_saves_modified_with_named_fields(self, chain):
        before = chain.modified
        columns = ["text"]
        chain.text = "new"

        chain.save(update_fields=columns)

        chain.refresh_from_db()
        assert chain.text == "new"
        assert chain.modified > before
        assert columns == ["text"]


class TestDelete:
    def test_it_deletes_the_instance_and_its_tasks(self, chain):
        chain.delete()

        assert not Chain.objects.exists()
        assert not Task.objects.exists()

    def test_it_locks_first(self, chain):
        with (
            mock.patch("joeflow.workflows.lock_instance", side_effect=ZeroDivisionError) as lock,
            pytest.raises(ZeroDivisionError),
        ):
            chain.delete()

        lock.assert_called_once_with(chain.pk, "default", wait=True)


class TestQueries:
    def test_the_words_of_the_domain(self):
        workflow = Branches.start()
        workflow.task_set.get(name="a").fail()
        workflow.task_set.get(name="b").cancel()

        tasks = workflow.task_set
        assert names(tasks.scheduled()) == ["desk"]
        assert names(tasks.not_scheduled()) == ["a", "b", "start"]
        assert names(tasks.succeeded()) == ["start"]
        assert names(tasks.not_succeeded()) == ["a", "b", "desk"]
        assert names(tasks.failed()) == ["a"]
        assert names(tasks.canceled()) == ["b"]
        assert names(tasks.open()) == ["a", "desk"]

    def test_the_workflow_of_a_task_and_its_node(self, chain, first):
        assert type(first.workflow) is Chain
        assert first.workflow == chain
        assert first.node is Chain.get_node("first")

    def test_the_node_of_an_obsolete_task(self, chain):
        task = Task.objects.create(name="gone", type="machine", workflow=chain)

        with pytest.raises(NodeNotFound, match="There is no node 'gone'"):
            _ = task.node

    def test_the_node_of_a_class_that_is_gone(self, first):
        with (
            mock.patch("joeflow.models.workflow_class", return_value=None),
            pytest.raises(JoeflowError) as error,
        ):
            _ = first.node

        assert str(error.value) == (
            f"The workflow class of task first ({first.pk}) is gone from the code."
        )

    def test_content_types_of_workflows(self):
        from django.contrib.contenttypes.models import ContentType

        from joeflow.models import workflow_state_subclasses

        found = ContentType.objects.filter(workflow_state_subclasses())

        assert "chain" in found.values_list("model", flat=True)
        assert "user" not in found.values_list("model", flat=True)


class TestUrl:
    """A URL leads to a form that can be filled."""

    @pytest.fixture
    def desk(self, monkeypatch):
        monkeypatch.setattr("joeflow.models.reverse_in", lambda *args, **kwargs: "/desk/")
        return Branches.start().task_set.get(name="desk")

    def test_an_open_task_of_a_person_has_one(self, desk):
        assert desk.get_absolute_url() == "/desk/"

    @pytest.mark.parametrize("verb", ["finish", "cancel"])
    def test_a_closed_task_has_none(self, desk, verb):
        getattr(desk, verb)()

        assert desk.get_absolute_url() is None

    def test_a_task_of_a_machine_has_none(self, desk, first):
        assert first.get_absolute_url() is None

    def test_an_obsolete_task_has_none(self, desk):
        desk.name = "gone"

        assert desk.get_absolute_url() is None

    def test_a_task_of_a_class_that_is_gone_has_none(self, desk):
        with mock.patch("joeflow.models.workflow_class", return_value=None):
            assert desk.get_absolute_url() is None

    def test_a_task_of_a_workflow_without_urls_has_none(self):
        assert Branches.start().task_set.get(name="desk").get_absolute_url() is None
