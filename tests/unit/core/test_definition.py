"""Workflow classes: what the metaclass makes of them, in every kind of inheritance."""

from unittest import mock

import pytest
from django.db import models
from django.test.utils import isolate_apps
from django.views.generic import UpdateView

from joeflow import tasks
from joeflow.checks.definitions import _check_name
from joeflow.exceptions import InvalidDefinition, NodeNotFound
from joeflow.models import Workflow, get_workflow, get_workflows
from joeflow.testing import run
from joeflow.views import TaskViewMixin
from tests.testapp import models as testapp
from tests.testapp.models import Chain, Contract, ContractProxy, Curious, Gateway, Invoice
from tests.testapp.workflows_core import Approval

isolated = isolate_apps("tests.testapp")


class InTestapp:
    """Options of a model that is defined in a test."""

    app_label = "testapp"


def log_of(workflow):
    return run(workflow).log


class TestInheritance:
    def test_children_of_an_abstract_workflow_have_its_nodes_and_edges(self):
        names = [name for name, node in Invoice.get_nodes()]

        assert names == ["start", "prepare", "approve"]
        assert Invoice._graph.edges == (("start", "prepare"), ("prepare", "approve"))

    def test_each_child_has_copies_of_its_own(self):
        assert Invoice.get_node("prepare") is not Contract.get_node("prepare")
        assert Invoice.get_node("start").workflow_cls is Invoice
        assert Contract.get_node("start").workflow_cls is Contract

    def test_the_abstract_class_keeps_its_own_nodes(self):
        assert Approval.get_node("prepare").workflow_cls is Approval

    def test_edges_mean_the_node_of_the_child_that_overrides_one(self):
        assert Contract._graph.edges == (
            ("start", "prepare"),
            ("prepare", "approve"),
            ("approve", "sign"),
        )
        assert Contract.get_node("approve") is vars(Contract)["approve"]

    @pytest.mark.django_db
    def test_each_child_starts_itself_and_runs_its_own_nodes(self):
        assert log_of(Invoice.start()) == "prepared approved"
        assert log_of(Contract.start()) == "prepared approved by two signed"

    @pytest.mark.django_db
    def test_a_proxy_starts_itself_and_its_tasks_belong_to_it(self):
        workflow = run(ContractProxy.start())

        assert workflow.log == "prepared approved by two signed by proxy"
        assert type(workflow.task_set.first().workflow) is ContractProxy

    @pytest.mark.django_db
    def test_a_state_may_have_a_field_named_ended(self):
        workflow = run(Invoice.start())

        assert workflow.ended is False
        assert workflow._ended is not None

    @isolated
    def test_edges_of_an_iterator_are_inherited(self):
        class Parent(Workflow):
            start = tasks.Start()

            def work(self): ...

            edges = ((a, b) for a, b in [(start, work)])

            class Meta(InTestapp):
                abstract = True

        class Child(Parent):
            Meta = InTestapp

        assert Child._graph.edges == Parent._graph.edges == (("start", "work"),)

    @isolated
    def test_a_child_of_a_child_overrides_a_node(self):
        class GrandChild(Contract):
            Meta = InTestapp

            def prepare(self):
                """Prepare in another way."""

        assert GrandChild.get_node("prepare").__doc__ == "Prepare in another way."
        assert GrandChild.get_node("sign") is not Contract.get_node("sign")
        assert GrandChild._graph.edges == Contract._graph.edges

    @isolated
    def test_a_child_without_edges_has_no_graph(self):
        class Child(Contract):
            Meta = InTestapp
            edges = ()

        assert not Child._graph
        assert list(Child.get_nodes()) == []


class TestOrder:
    @isolated
    def test_a_set_of_edges_gives_the_order_of_the_class_body(self):
        class Many(Workflow):
            Meta = InTestapp
            start = tasks.Start()

            def z(self): ...

            def m(self): ...

            def a(self): ...

            edges = {(start, a), (start, m), (start, z)}

        assert [name for name, node in Many.get_nodes()] == ["start", "z", "m", "a"]
        assert [node.name for node in Many.get_next_nodes(Many.start)] == ["z", "m", "a"]


class TestRefused:
    @isolated
    def test_an_edge_end_that_is_no_attribute(self):
        with pytest.raises(InvalidDefinition) as error:

            class Broken(Workflow):
                Meta = InTestapp
                start = tasks.Start()
                edges = [(start, tasks.Join("a"))]

        assert "which is no attribute of the class" in str(error.value)

    @isolated
    def test_a_node_with_two_names(self):
        with pytest.raises(InvalidDefinition) as error:

            class Broken(Workflow):
                Meta = InTestapp
                start = begin = tasks.Start()

                def work(self): ...

                edges = [(start, work)]

        assert "uses one node under the names 'begin' and 'start'" in str(error.value)

    @isolated
    def test_a_name_that_django_takes_back(self):
        with pytest.raises(InvalidDefinition) as error:

            class Broken(Workflow):
                Meta = InTestapp
                start = tasks.Start()

                def DoesNotExist(self): ...  # noqa: N802

                edges = [(start, DoesNotExist)]

        assert str(error.value).endswith(
            "and not the task that the edges name: its name is taken. Rename the task DoesNotExist."
        )

    @isolated
    def test_a_half_written_class_is_no_error(self):
        class HalfWritten(Workflow):
            Meta = InTestapp

            def work(self): ...

            join = tasks.Join("nowhere")

        assert not HalfWritten._graph


class TestDirectCalls:
    def test_a_machine_task_is_a_plain_method_of_an_unsaved_instance(self):
        def answer(workflow):
            return workflow.pk is None

        with mock.patch.object(Gateway, "answer", answer):
            assert Gateway().choose() is True

    def test_a_method_with_a_task_can_be_called_with_anything(self):
        workflow = Curious()
        task = mock.Mock(pk=7, workflow=workflow)
        task.name = "look"

        with mock.patch.object(Curious, "save"):
            workflow.look(task=task)

        assert workflow.seen == "look 7 True"

    def test_join_and_wait_are_callables_of_workflow_and_task(self, db):
        workflow = testapp.SplitJoin.start()
        task = workflow.task_set.get(name="split")

        assert testapp.SplitJoin.join(workflow, task) is False or task.eta is not None


@pytest.mark.django_db
class TestCalls:
    def test_a_method_with_a_parameter_task_is_given_its_task(self):
        workflow = Curious.start()

        with mock.patch.object(Curious.get_node("look"), "name", "look"):
            run(workflow, until=lambda workflow: workflow.seen)

        task = workflow.task_set.filter(name="look").earliest()
        assert workflow.seen == f"look {task.pk} True"

    def test_a_patched_method_is_called_instead(self):
        workflow = Chain.start()

        with mock.patch.object(Chain, "second", return_value=None) as second:
            run(workflow)

        second.assert_called_once_with()
        assert workflow.text == "13"

    def test_a_patched_method_may_be_returned_as_next(self):
        workflow = Gateway.start()

        with (
            mock.patch.object(Gateway, "answer", lambda workflow: [workflow.right]),
            mock.patch.object(Gateway, "right", return_value=None) as right,
        ):
            run(workflow)

        right.assert_called_once_with()


class TestLookups:
    def test_get_node_names_the_nodes_where_there_is_none(self):
        with pytest.raises(NodeNotFound) as error:
            Chain.get_node("fourth")

        assert str(error.value) == (
            "There is no node 'fourth'; the nodes are: start, first, second, third."
        )

    def test_get_next_nodes(self):
        assert list(Chain.get_next_nodes(Chain.start)) == [Chain.get_node("first")]

    def test_get_workflows_gives_those_with_a_graph_proxies_included(self):
        workflows = set(get_workflows())

        assert {Chain, Invoice, ContractProxy} <= workflows
        assert not {Workflow, Approval} & workflows

    @pytest.mark.parametrize("name", ["testapp.Chain", "TESTAPP.chain"])
    def test_get_workflow_finds_a_class_in_any_case(self, name):
        assert get_workflow(name) is Chain

    def test_get_workflow_gives_none_for_an_unknown_name(self):
        assert get_workflow("testapp.Nothing") is None

    def test_the_namespace_of_urls_is_the_name_of_the_class(self):
        assert ContractProxy.get_url_namespace() == "contractproxy"


class TestViews:
    def test_detail_and_override_have_urls(self):
        patterns, namespace = Chain.urls()

        assert {pattern.name: str(pattern.pattern) for pattern in patterns} == {
            "detail": "<joeflow_key:pk>/",
            "detail-changes": "<joeflow_key:pk>/changes",
            "detail-history": "<joeflow_key:pk>/history",
            "override": "<joeflow_key:pk>/override",
            "instance-pause": "<joeflow_key:pk>/pause",
            "instance-resume": "<joeflow_key:pk>/resume",
            "task-undo": "<joeflow_key:pk>/undo/<joeflow_key:task_pk>",
        }
        assert namespace == "chain"

    def test_view_in_front_of_the_mixin__is_refused(self):
        with pytest.raises(InvalidDefinition, match="Other has a view in front of joeflow's mixin"):
            type("Other", (UpdateView, TaskViewMixin), {})

    @isolated
    def test_both_can_be_switched_off(self):
        class Silent(Workflow):
            Meta = InTestapp
            detail_view = None
            override_view = None
            start = tasks.Start()

            def work(self): ...

            edges = [(start, work)]

        assert Silent.urls() == ([], "silent")
        assert Silent(pk=1).get_absolute_url() is None
        assert Silent(pk=1).get_override_url() is None

    @isolated
    def test_both_can_be_replaced(self):
        from django.views.generic import DetailView

        class Own(DetailView):
            pass

        class Replaced(Workflow):
            Meta = InTestapp
            detail_view = Own
            override_view = "django.views.generic.UpdateView"
            start = tasks.Start()

            def work(self): ...

            edges = [(start, work)]

        detail, override, *_ = Replaced.urls()[0]

        assert detail.callback.view_class is Own
        assert override.callback.view_class.__name__ == "UpdateView"


class TestShadowing:
    @isolated
    def test_tasks_may_have_the_names_of_verbs(self):
        class Shadowing(Workflow):
            Meta = InTestapp
            start = tasks.Start()

            def cancel(self): ...

            def wake(self): ...

            def pause(self): ...

            resume = tasks.UpdateView(fields=[])

            edges = [(start, cancel), (cancel, wake), (wake, pause), (pause, resume)]

        names = [name for name, node in Shadowing.get_nodes()]
        assert names == ["start", "cancel", "wake", "pause", "resume"]
        assert [problem for name in names for problem in _check_name(Shadowing, name)] == []


class TestStart:
    def test_a_start_outside_of_a_workflow_says_so(self):
        from joeflow.exceptions import JoeflowError

        with pytest.raises(JoeflowError) as error:
            tasks.Start()()

        assert str(error.value) == (
            "This Start is in no workflow; name it in the workflow's edges."
        )

    @pytest.mark.parametrize("duration", [3, None, "3h"])
    def test_a_wait_takes_a_timedelta(self, duration):
        from joeflow.exceptions import JoeflowError

        with pytest.raises(JoeflowError) as error:
            tasks.Wait(duration)

        assert str(error.value) == (
            f"Wait takes a datetime.timedelta, like Wait(timedelta(hours=3)), not {duration!r}."
        )

    @pytest.mark.django_db
    def test_a_start_gives_the_saved_instance_with_its_values(self):
        workflow = Chain.start(text="0")

        assert workflow.pk
        assert Chain.objects.get().text == "0"

    @pytest.mark.django_db
    def test_unknown_values_are_refused_like_by_the_model(self):
        with pytest.raises(TypeError):
            Chain.start(nonsense=1)

        assert not Chain.objects.exists()


def test_a_name_is_shown_by_its_verbose_name():
    assert str(Chain(pk=3)) == "chain 3"


def test_models_hands_on_the_workflow():
    from joeflow import models as hands_on
    from joeflow import workflows

    assert hands_on.Workflow is workflows.Workflow
    assert isinstance(models.Model, type)
