"""Joins: which are due, from plain rows; and in the database, for whole instances."""

import pytest

from joeflow import engine
from joeflow.joins import OpenTask, due_joins
from joeflow.models import Task
from joeflow.testing import run
from tests.testapp.models import Branches, Crossed, Gated, Rounds, SplitJoin


def due(workflow, *names, arrived=None, waiting=None):
    """Return the names of the joins that are due where tasks of these names are open."""
    graph = workflow._graph
    waiting = graph.joins if waiting is None else waiting
    tasks = [OpenTask(pk, name, name in waiting) for pk, name in enumerate(names)]
    keys = {task.name: task.pk for task in tasks}
    arrived = {keys[name]: set(parents) for name, parents in (arrived or {}).items()}
    return [names[pk] for pk in due_joins(graph, tasks, arrived)]


class TestDueJoins:
    def test_nothing_is_due_without_joins(self):
        assert due(SplitJoin, "batman", "robin") == []

    def test_a_join_waits_for_a_parent_that_is_open(self):
        assert due(SplitJoin, "join", "robin", arrived={"join": ["batman"]}) == []

    def test_a_join_waits_for_a_task_that_can_reach_a_missing_parent(self):
        assert due(SplitJoin, "join", "split", arrived={"join": ["batman"]}) == []

    def test_a_join_is_due_when_all_parents_have_arrived(self):
        assert due(SplitJoin, "join", arrived={"join": ["batman", "robin"]}) == ["join"]

    def test_a_join_with_all_its_parents_does_not_wait_for_other_tasks(self):
        # Both have arrived; another round is under way.
        names = ("join", "split", "gone_from_the_code")

        assert due(SplitJoin, *names, arrived={"join": ["batman", "robin"]}) == ["join"]

    def test_a_join_is_due_when_the_missing_parent_cannot_arrive_any_more(self):
        assert due(Gated, "join", arrived={"join": ["left"]}) == ["join"]

    def test_the_end_of_an_arrived_branch_does_not_hold_a_join(self):
        assert due(SplitJoin, "join", "batman", arrived={"join": ["batman"]}) == ["join"]

    def test_a_task_behind_the_join_holds_it_only_where_a_loop_leads_back(self):
        assert due(SplitJoin, "join", "end", arrived={"join": ["batman"]}) == ["join"]
        assert due(Rounds, "join", "again", arrived={"join": ["a"]}) == []

    def test_a_join_that_nobody_reached_is_due_at_once(self):
        # That is what an override to a join does.
        assert due(SplitJoin, "join") == ["join"]

    def test_an_obsolete_task_holds_a_join(self):
        assert due(SplitJoin, "join", "gone", arrived={"join": ["batman"]}) == []

    def test_of_two_joins_that_wait_for_each_other_the_oldest_is_due(self):
        arrived = {"first": ["a"], "second": ["b"]}

        assert due(Crossed, "first", "second", arrived=arrived) == ["first"]
        assert due(Crossed, "second", "first", arrived=arrived) == ["second"]

    def test_joins_that_wait_for_each_other_wait_for_a_task_that_leads_to_one(self):
        arrived = {"first": ["a"], "second": []}

        assert due(Crossed, "first", "second", "b", arrived=arrived) == []

    def test_a_join_that_is_on_its_way_holds_the_next_one(self):
        arrived = {"second": ["b"]}

        # "first" has been found due, but has not run yet.
        assert due(Crossed, "first", "second", arrived=arrived, waiting={"second"}) == []

    def test_parents_that_the_join_does_not_name_do_not_count(self):
        assert due(Crossed, "first", "a", arrived={"first": ["b", "after_second"]}) == []


def open_tasks(workflow):
    return {task.name: task for task in workflow.task_set.open()}


def step(workflow, name):
    """Run one open task, in one step."""
    task = workflow.task_set.open().get(name=name)
    assert engine.run(task.pk, workflow.pk, stay=False) is None
    return task


@pytest.fixture
def branches(db):
    return Branches.start()


def complete_desk(workflow):
    task = workflow.task_set.open().get(name="desk")
    task.finish()
    task.start_next_tasks()


class TestArrivals:
    def test_the_first_parent_creates_the_join_and_it_waits(self, branches, handed_out):
        parent = step(branches, "a")

        join = branches.task_set.get(name="join")
        assert (join.eta, join.attempts, join.status) == (None, 0, Task.SCHEDULED)
        assert list(join.parent_task_set.all()) == [parent]

    def test_each_further_parent_adds_its_link(self, branches):
        parents = [step(branches, "a"), step(branches, "b")]

        join = branches.task_set.get(name="join")
        assert list(join.parent_task_set.order_by("pk")) == parents
        assert join.eta is None

    def test_the_last_parent_makes_it_due(self, branches):
        step(branches, "a")
        step(branches, "b")
        complete_desk(branches)

        join = branches.task_set.get(name="join")
        assert join.eta is not None
        assert join.attempts == 1

    def test_it_is_handed_out_once(self, branches, handed_out, django_capture_on_commit_callbacks):
        step(branches, "a")
        step(branches, "b")
        handed_out.clear()

        with django_capture_on_commit_callbacks(execute=True):
            complete_desk(branches)

        join = branches.task_set.get(name="join")
        assert [call.task_pk for call in handed_out] == [join.pk]

    def test_it_goes_on_once(self, branches):
        step(branches, "a")
        step(branches, "b")
        complete_desk(branches)
        step(branches, "join")

        assert branches.task_set.filter(name="end").count() == 1
        assert branches.task_set.filter(name="join").count() == 1

    def test_the_same_parent_twice_counts_once(self, branches):
        step(branches, "a")
        task = branches.task_set.get(name="a")
        again = Task.objects.create(
            name="a", type="machine", workflow=branches, eta=task.eta, attempts=1
        )
        engine.run(again.pk, branches.pk, stay=False)

        join = branches.task_set.get(name="join")
        assert join.eta is None
        assert join.parent_task_set.count() == 2

    def test_arrivals_of_others_are_linked_and_not_counted(self, db):
        workflow = SplitJoin.start()
        step(workflow, "split")
        end = Task.objects.create(name="end", type="human", workflow=workflow)
        end.finish()
        end.start_next_tasks([SplitJoin.join])

        join = workflow.task_set.get(name="join")
        assert list(join.parent_task_set.all()) == [end]
        assert join.eta is None


class TestNoHanging:
    @pytest.mark.parametrize("way", ["left", "right"])
    def test_an_exclusive_gateway_before_a_join(self, db, way):
        workflow = run(Gated.start(way=way))

        assert workflow._ended is not None

    def test_two_joins_that_wait_for_each_other(self, db):
        workflow = run(Crossed.start())

        assert workflow._ended is not None
        assert workflow.task_set.filter(name="first").exists()

    def test_a_loop_opens_a_new_join_in_each_round(self, db):
        workflow = run(Rounds.start(laps=3))

        assert workflow._ended is not None
        assert workflow.task_set.filter(name="join").count() == 3
        for join in workflow.task_set.filter(name="join"):
            assert sorted(join.parent_task_set.values_list("name", flat=True)) == ["a", "b"]

    def test_a_parent_that_arrives_when_the_join_is_due_opens_a_new_one(self, db):
        workflow = SplitJoin.start()
        step(workflow, "split")
        step(workflow, "batman")
        step(workflow, "robin")
        late = Task.objects.create(name="robin", type="machine", workflow=workflow)
        late.enqueue()

        engine.run(late.pk, workflow.pk, stay=False)

        joins = workflow.task_set.filter(name="join").order_by("pk")
        assert [join.parent_task_set.count() for join in joins] == [2, 1]

    def test_a_branch_that_ends_itself_lets_the_join_go(self, branches, behave):
        behave(Branches, lambda workflow, name: [] if name == "b" else None)
        step(branches, "a")
        complete_desk(branches)
        assert open_tasks(branches)["join"].eta is None

        step(branches, "b")

        assert open_tasks(branches)["join"].eta is not None

    def test_canceling_the_last_missing_parent_lets_the_join_go(self, branches):
        step(branches, "a")
        step(branches, "b")

        branches.task_set.get(name="desk").cancel()

        assert open_tasks(branches)["join"].eta is not None

    def test_canceling_many_tasks_lets_the_join_go(self, branches):
        step(branches, "a")

        branches.task_set.filter(name__in=["b", "desk"]).cancel()

        assert open_tasks(branches)["join"].eta is not None

    def test_a_failed_branch_holds_the_join_until_somebody_reruns_it(self, branches, behave):
        def fail(workflow, name):
            if name == "b":
                raise ValueError("not today")

        behave(Branches, fail)
        step(branches, "a")
        complete_desk(branches)
        with pytest.raises(ValueError, match="not today"):
            step(branches, "b")
        assert open_tasks(branches)["join"].eta is None

        behave(Branches, lambda workflow, name: None)
        branches.task_set.get(name="b").enqueue()
        step(branches, "b")

        assert open_tasks(branches)["join"].eta is not None

    def test_a_failed_branch_holds_the_join_until_somebody_cancels_it(self, branches):
        step(branches, "a")
        complete_desk(branches)
        branches.task_set.get(name="b").fail()
        assert open_tasks(branches)["join"].eta is None

        branches.task_set.get(name="b").cancel()

        assert open_tasks(branches)["join"].eta is not None

    def test_an_obsolete_task_holds_the_join(self, branches):
        step(branches, "a")
        obsolete = Task.objects.create(name="gone", type="human", workflow=branches)
        branches.task_set.filter(name__in=["b", "desk"]).cancel()
        assert open_tasks(branches)["join"].eta is None

        obsolete.cancel()

        assert open_tasks(branches)["join"].eta is not None

    def test_a_person_who_has_not_started_what_follows_has_not_arrived(self, branches):
        step(branches, "a")
        step(branches, "b")
        desk = branches.task_set.get(name="desk")

        desk.finish()
        assert open_tasks(branches)["join"].eta is None

        desk.start_next_tasks()
        assert open_tasks(branches)["join"].eta is not None

    def test_an_override_to_a_join_fires_it(self, branches):
        step(branches, "a")
        engine.override(branches, [branches.join])

        run(branches)

        assert branches._ended is not None
        statuses = branches.task_set.filter(name="join").order_by("pk")
        assert [task.status for task in statuses] == [Task.CANCELED, Task.SUCCEEDED]

    def test_an_override_to_a_join_and_a_parent_waits_for_the_parent(self, branches):
        engine.override(branches, [branches.join, branches.a])

        assert open_tasks(branches)["join"].eta is None

        step(branches, "a")

        assert open_tasks(branches)["join"].eta is not None


class TestEnd:
    def test_the_join_itself_is_a_callable_that_says_whether_it_is_done(self, branches):
        step(branches, "a")
        join = branches.task_set.get(name="join")
        assert Branches.join(branches, join) is False

        step(branches, "b")
        complete_desk(branches)
        join.refresh_from_db()

        assert Branches.join(branches, join) is True
        join.eta = None  # a row of an older version
        assert Branches.join(branches, join) is True
