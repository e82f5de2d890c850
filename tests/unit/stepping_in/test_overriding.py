"""Say what an override would do, do it with a reason, and do it to many."""

import pytest

from joeflow import engine
from joeflow.exceptions import InstanceChanged, InstanceLocked, JoeflowError, NodeNotFound
from joeflow.models import Event, Task, Workflow
from joeflow.overriding import OverridePlan
from tests.testapp.models import Chain, Meeting, Purchase, Report

pytestmark = pytest.mark.django_db


@pytest.fixture
def report():
    report = Report.objects.create(title="Honey")
    engine.complete_start(report, "start")
    return report


@pytest.fixture
def write(report):
    return report.task_set.get(name="write")


def finish(task):
    task.finish()
    task.start_next_tasks()


def open_names(workflow):
    return sorted(workflow.task_set.open().values_list("name", flat=True))


class TestPlan:
    def test_what_would_be_canceled_started_and_left(self, report, write):
        finish(write)
        [read] = report.task_set.open()

        plan = report.plan_override([Report.write, Report.print_it])

        assert isinstance(plan, OverridePlan)
        assert plan.canceled == (read,)
        assert plan.started == ("write", "print_it")
        assert plan.left == ("start", "write")
        assert not plan.ends

    def test_it_does_nothing(self, report):
        report.plan_override([Report.print_it])

        assert open_names(report) == ["write"]

    def test_it_takes_two_statements(self, report, statements):
        with statements:
            report.plan_override(["print_it"])

        assert len(statements.data) == 2

    def test_nothing_would_be_started__it_would_end(self, report):
        assert report.plan_override([]).ends

    def test_names_and_nodes(self, report):
        assert report.plan_override(["read", Report.read, report.print_it]).started == (
            "read",
            "print_it",
        )

    def test_an_unknown_name__is_refused(self, report):
        with pytest.raises(NodeNotFound, match=r"There is no node 'burn'; the nodes are: start,"):
            report.plan_override(["burn"])

    @pytest.mark.parametrize("nodes", ["read", None, {"read": 1}, 7])
    def test_what_is_no_list__is_refused(self, report, nodes):
        with pytest.raises(NodeNotFound, match=r"is no list of nodes; write a list"):
            report.plan_override(nodes)

    def test_a_start__is_refused(self, report):
        with pytest.raises(JoeflowError, match=r"'start' is a start"):
            report.plan_override(["start"])

    def test_an_instance_of_another_class__is_refused(self, report):
        other = Meeting(pk=report.pk)

        with pytest.raises(JoeflowError, match=r"is none of testapp.Meeting"):
            other.plan_override([Meeting.come])

    def test_apply(self, report, write, winnie):
        plan = report.plan_override(["print_it"])

        task = plan.apply(by=winnie, reason="In a hurry.")

        assert task.completed_by_user == winnie
        assert open_names(report) == ["print_it"]
        assert Task.objects.get(pk=write.pk).status == Task.CANCELED

    def test_apply__the_world_has_changed__nothing_is_done(self, report, write):
        plan = report.plan_override(["print_it"])
        finish(write)

        with pytest.raises(InstanceChanged):
            plan.apply()

        assert open_names(report) == ["read"]

    def test_apply__to_what_had_ended(self, report, write):
        write.cancel()
        plan = report.plan_override(["read"])

        plan.apply()

        assert open_names(report) == ["read"]

    def test_apply__what_had_ended_goes_on_meanwhile(self, report, write):
        write.cancel()
        plan = report.plan_override(["read"])
        engine.override(report, ["write"])

        with pytest.raises(InstanceChanged):
            plan.apply()

    def test_it_cannot_be_changed(self, report):
        with pytest.raises(AttributeError):
            report.plan_override([]).started = ("read",)


class TestReason:
    def test_it_is_in_the_history(self, report, winnie):
        task = engine.override(report, ["read"], winnie, reason="The author is ill.")

        event = task.event_set.get()
        assert event.kind == Event.OVERRIDDEN
        assert event.describe() == "winnie stepped in: The author is ill."

    def test_none_was_given__there_is_no_event(self, report):
        task = engine.override(report, ["read"])

        assert not task.event_set.exists()


class TestMany:
    @pytest.fixture
    def chains(self):
        return [Chain.start() for _ in range(3)]

    def test_all(self, chains, winnie):
        outcome = Chain.objects.override(["third"], by=winnie, reason="A shortcut.")

        assert outcome.count == 3
        assert outcome.done == tuple(chain.pk for chain in chains)
        assert {tuple(open_names(chain)) for chain in chains} == {("third",)}
        assert {event.describe() for event in Event.objects.all()} == {
            "winnie stepped in: A shortcut."
        }

    def test_those_that_were_asked_for(self, chains):
        Chain.objects.filter(pk=chains[1].pk).override([Chain.third])

        assert [open_names(chain) for chain in chains] == [["first"], ["third"], ["first"]]

    def test_an_unknown_name__nothing_is_done(self, chains):
        with pytest.raises(NodeNotFound):
            Chain.objects.override(["third", "fourth"])

        assert {tuple(open_names(chain)) for chain in chains} == {("first",)}

    def test_of_no_class_in_particular(self, chains):
        with pytest.raises(NodeNotFound):
            Workflow.objects.override(["third"])

    def test_a_busy_one__does_not_stop_the_others(self, chains, monkeypatch):
        from joeflow import transitions

        real = transitions.lock_instance

        def lock(workflow_pk, using, *, wait):
            if workflow_pk == chains[0].pk:
                raise InstanceLocked
            return real(workflow_pk, using, wait=wait)

        monkeypatch.setattr(transitions, "lock_instance", lock)

        outcome = Chain.objects.override(["third"])

        assert outcome.done == (chains[1].pk, chains[2].pk)
        assert {k: type(e) for k, e in outcome.refused.items()} == {chains[0].pk: InstanceLocked}

    def test_one_whose_code_raises__is_as_it_was(self, monkeypatch, manager):
        purchases = [Purchase.objects.create(item=item) for item in ("Honey", "Milk")]
        for purchase in purchases:
            engine.complete_start(purchase, "start")

        def get_manager(purchase):
            if purchase.item == "Honey":
                raise ValueError("nobody")
            return manager

        monkeypatch.setattr(Purchase, "get_manager", get_manager)
        before = list(purchases[0].task_set.values_list("pk", "status"))

        outcome = Purchase.objects.override(["approve"])

        assert outcome.done == (purchases[1].pk,)
        assert str(outcome.refused[purchases[0].pk]) == "nobody"
        assert list(purchases[0].task_set.values_list("pk", "status")) == before

    def test_one_that_is_asked_for_no_more__is_left_alone(self, chains, monkeypatch):
        rows = Chain.objects.filter(text="")
        real = Task._override

        def override(workflow, *args, **options):
            Chain.objects.filter(pk=chains[2].pk).update(text="Changed")
            return real(workflow, *args, **options)

        monkeypatch.setattr(Task, "_override", staticmethod(override))

        outcome = rows.override(["third"])

        assert outcome.count == 2
        assert isinstance(outcome.refused[chains[2].pk], InstanceChanged)
        assert open_names(chains[2]) == ["first"]
