"""What a machine task may return, and what comes of it."""

import pytest

from joeflow import engine
from joeflow.exceptions import InvalidNextNodes
from joeflow.models import Task
from joeflow.returns import NOT_YET, read_result
from joeflow.testing import run
from tests.testapp.models import Chain, Gateway


def read(result):
    return read_result(Gateway._graph, "choose", result)


class TestReadResult:
    @pytest.mark.parametrize(
        "result", [None, True, 0, 1, "left", "", b"left", {}, {"left": 1}, 2.5]
    )
    def test_what_is_no_iterable_of_nodes_means_all_edges(self, result):
        assert read(result) == ("left", "right")

    def test_false_means_not_yet(self):
        assert read(result=False) is NOT_YET

    def test_not_yet_is_not_the_same_as_nothing(self):
        assert read([]) is not NOT_YET
        assert read(()) == ()

    @pytest.mark.parametrize("kind", [list, tuple, iter, lambda nodes: dict.fromkeys(nodes).keys()])
    def test_an_iterable_means_its_nodes(self, kind):
        assert read(kind([Gateway.right, Gateway.left])) == ("right", "left")

    def test_bound_methods_are_nodes(self):
        assert read([Gateway().left]) == ("left",)

    def test_a_node_that_comes_twice_counts_once(self):
        assert read([Gateway.left, Gateway.left]) == ("left",)

    def test_a_node_without_an_edge_names_the_edge_to_add(self):
        with pytest.raises(InvalidNextNodes) as error:
            read([Gateway.aside])

        assert str(error.value) == (
            "The task 'choose' returned the task 'aside', but there is no edge between them. "
            "Add (choose, aside) to the edges, or return: self.left, self.right."
        )

    def test_a_task_at_the_end_may_return_nothing_else(self):
        with pytest.raises(InvalidNextNodes) as error:
            read_result(Gateway._graph, "aside", [Gateway.left])

        assert str(error.value).endswith("Add (aside, left) to the edges, or return: [].")

    @pytest.mark.parametrize("foreign", [Chain.first, "left", None, 7])
    def test_anything_else_in_a_list_is_refused(self, foreign):
        with pytest.raises(InvalidNextNodes) as error:
            read([foreign])

        assert str(error.value) == (
            f"The task 'choose' returned a list with {foreign!r}, which is no task of this "
            f"workflow. It may return: self.left, self.right."
        )

    def test_a_generator_is_refused(self):
        def generate():
            yield Gateway.left

        generator = generate()

        with pytest.raises(InvalidNextNodes) as error:
            read(generator)

        assert str(error.value) == (
            f"The task 'choose' returned {generator!r}. A task must be a plain method: it returns "
            f"None, False or a list of tasks, without 'yield' and without 'async'."
        )

    def test_a_coroutine_is_refused_and_closed(self):
        async def answer(): ...

        with pytest.raises(InvalidNextNodes, match="without 'yield' and without 'async'"):
            read(answer())

    def test_an_async_generator_is_refused(self):
        async def answer():
            yield

        with pytest.raises(InvalidNextNodes, match="without 'yield' and without 'async'"):
            read(answer())


def open_names(workflow):
    return sorted(workflow.task_set.open().values_list("name", flat=True))


@pytest.mark.django_db
class TestRun:
    def choose(self, behave, answer):
        behave(Gateway, answer)
        workflow = Gateway.start()
        task = workflow.task_set.get(name="choose")
        engine.run(task.pk, workflow.pk, stay=False)
        task.refresh_from_db()
        return workflow, task

    @pytest.mark.parametrize("result", [None, True, "left", 0])
    def test_all_edges_are_followed(self, behave, result):
        workflow, task = self.choose(behave, lambda workflow: result)

        assert task.status == Task.SUCCEEDED
        assert open_names(workflow) == ["left", "right"]

    def test_the_returned_nodes_are_followed(self, behave):
        workflow, task = self.choose(behave, lambda workflow: [workflow.right])

        assert open_names(workflow) == ["right"]
        assert workflow.task_set.get(name="right").parent_task_set.get() == task

    def test_an_empty_list_ends_the_branch_and_the_last_branch_the_instance(self, behave):
        workflow, task = self.choose(behave, lambda workflow: [])

        workflow.refresh_from_db()
        assert task.status == Task.SUCCEEDED
        assert workflow._ended is not None

    def test_what_a_node_wrote_before_it_said_not_yet_is_committed(self, behave):
        def write(workflow):
            Gateway.objects.filter(pk=workflow.pk).update(created="2020-01-01T00:00:00Z")
            return False

        workflow, task = self.choose(behave, write)

        workflow.refresh_from_db()
        assert workflow.created.year == 2020
        assert (task.status, task.completed) == (Task.SCHEDULED, None)

    def test_a_missing_edge_fails_the_task_and_nothing_follows(self, behave):
        behave(Gateway, lambda workflow: [workflow.aside])
        workflow = Gateway.start()
        task = workflow.task_set.get(name="choose")

        with pytest.raises(InvalidNextNodes):
            engine.run(task.pk, workflow.pk)

        task.refresh_from_db()
        assert (task.status, task.completed) == (Task.FAILED, None)
        assert task.exception == (
            "joeflow.exceptions.InvalidNextNodes: The task 'choose' returned the task 'aside', but "
            "there is no edge between them. Add (choose, aside) to the edges, or return: "
            "self.left, self.right."
        )
        assert open_names(workflow) == ["choose"]

    def test_a_generator_function_fails_the_task(self, behave):
        def generate(workflow):
            yield workflow.left

        behave(Gateway, generate)
        workflow = Gateway.start()

        with pytest.raises(InvalidNextNodes):
            run(workflow)

        assert workflow.task_set.get(name="choose").status == Task.FAILED
