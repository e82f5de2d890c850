"""joeflow.testing.run: whole workflows, in a TestCase, without a broker."""

from datetime import timedelta

import pytest
from django.test import TestCase

from joeflow.exceptions import JoeflowError, NodeNotFound
from joeflow.models import Task
from joeflow.testing import run
from tests.testapp.models import Branches, Chain, Failing, Long, SplitJoin, Waiting

pytestmark = pytest.mark.django_db


class TestInATestCase(TestCase):
    def test_it_runs_a_workflow_to_its_end(self):
        workflow = SplitJoin.start()

        assert run(workflow) is workflow

        assert workflow.value == 2
        assert workflow._ended is not None

    def test_a_node_s_exception_is_raised_and_the_test_can_go_on(self):
        with pytest.raises(TypeError):
            run(Failing.start())

        task = Task.objects.get(name="work")
        assert task.status == Task.FAILED
        assert Failing.objects.get().text == ""


def test_it_stops_where_only_people_can_go_on():
    workflow = run(Branches.start())

    assert set(workflow.task_set.open().values_list("name", flat=True)) == {"desk", "join"}


def test_it_goes_on_after_a_person():
    workflow = run(Branches.start())
    desk = workflow.task_set.get(name="desk")
    desk.finish()
    desk.start_next_tasks()

    run(workflow)

    assert workflow._ended is not None


class TestUntil:
    def test_it_stops_as_soon_as_a_task_is_open(self):
        workflow = run(Chain.start(), until="second")

        assert workflow.text == "1"
        assert workflow.task_set.open().get().name == "second"

    def test_it_stops_at_once_where_a_task_is_done(self):
        workflow = run(Chain.start(), until="start")

        assert workflow.text == ""

    def test_it_stops_as_soon_as_something_is_true(self):
        workflow = run(Chain.start(), until=lambda workflow: workflow.text == "12")

        assert workflow.text == "12"

    def test_a_place_that_is_never_reached(self, behave):
        behave(Failing, lambda workflow: [])
        workflow = Failing.start()

        with pytest.raises(JoeflowError) as error:
            run(workflow, until="end")

        assert str(error.value) == f"failing {workflow.pk} never got to 'end'; it stands at: ended."

    def test_a_place_behind_a_person(self):
        workflow = Branches.start()

        with pytest.raises(JoeflowError) as error:
            run(workflow, until="end")

        message = f"branches {workflow.pk} never got to 'end'; it stands at: "
        assert str(error.value).startswith(message)
        assert "desk (scheduled)" in str(error.value)

    def test_a_node_that_does_not_exist(self):
        with pytest.raises(NodeNotFound, match="There is no node 'zeroth'"):
            run(Chain.start(), until="zeroth")


class TestTime:
    def test_it_moves_time_for_waits(self):
        workflow = Waiting.start()

        run(workflow)

        wait = workflow.task_set.get(name="wait")
        assert wait.status == Task.SUCCEEDED
        assert wait.completed - wait.created >= timedelta(hours=3)

    def test_it_moves_time_again_where_the_clock_of_the_server_is_ahead(self):
        workflow = Waiting.start()
        wait = workflow.task_set.get(name="wait")
        workflow.task_set.update(created=wait.created + timedelta(seconds=5))

        run(workflow)

        wait.refresh_from_db()
        assert wait.status == Task.SUCCEEDED

    def test_a_task_that_says_not_yet_is_left_waiting(self):
        workflow = run(Waiting.start())

        assert workflow.asked == 1
        assert workflow.task_set.open().get().name == "is_ready"

    def test_it_is_asked_again_in_the_next_run(self):
        workflow = run(Waiting.start())
        workflow.ready = True
        workflow.save()

        run(workflow)

        assert workflow.asked == 2
        assert workflow._ended is not None

    def test_it_is_asked_again_when_something_else_happened(self, behave):
        def act(workflow, name):
            asked.append(name)
            return name == "b" or workflow.task_set.succeeded().filter(name="b").exists()

        asked = []
        behave(Branches, act)

        run(Branches.start())

        assert sorted(asked) in (["a", "a", "b"], ["a", "b"])

    def test_rows_that_were_lost_before_are_run(self):
        workflow = Chain.start()
        Task.objects.filter(name="first").update(attempts=3)

        run(workflow)

        assert workflow.text == "123"


def test_a_loop_is_named():
    workflow = Long.start(count=100)

    with pytest.raises(JoeflowError) as error:
        run(workflow, most=10)

    assert str(error.value) == (
        f"long {workflow.pk} did not come to rest within 10 tasks: is it a loop?"
    )
