"""Whatever a node returns: the task goes on as documented, or fails whole with a clear message."""

import pytest

from joeflow import engine
from joeflow.exceptions import InvalidNextNodes
from joeflow.models import Task
from tests.testapp.models import Chain, Gateway, SplitJoin

pytestmark = pytest.mark.django_db


@pytest.fixture
def choose(monkeypatch):
    """Return a function that runs a node which writes something and returns this."""

    def run(answer):
        def write_and_answer(workflow):
            Gateway.objects.filter(pk=workflow.pk).update(created="2020-01-01T00:00:00Z")
            return answer(workflow) if callable(answer) else answer

        monkeypatch.setattr(Gateway, "answer", write_and_answer)
        workflow = Gateway.start()
        task = workflow.task_set.get(name="choose")
        error = None
        try:
            engine.run(task.pk, workflow.pk, stay=False)
        except Exception as caught:  # noqa: BLE001 - whatever it is
            error = caught
        workflow.refresh_from_db()
        task.refresh_from_db()
        return workflow, task, error

    return run


def open_names(workflow):
    return sorted(workflow.task_set.open().values_list("name", flat=True))


def generate():
    yield Gateway.left


async def wait():
    return [Gateway.left]


async def generate_and_wait():
    yield Gateway.left


class Awaitable:
    def __await__(self):
        yield


class Breaking:
    """Raises when it is half read."""

    def __init__(self, error):
        self.error = error

    def __iter__(self):
        yield Gateway.left
        raise self.error


class NeverTrue:
    def __bool__(self):
        raise ValueError("neither true nor false")

    def __eq__(self, other):
        raise ValueError("never the same")

    __hash__ = None


class LooksLikeANode:
    name = "left"
    workflow_cls = Gateway


class Endless:
    def __repr__(self):
        return "x" * 10**6


class Unspeakable:
    def __repr__(self):
        raise ValueError("no words")


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: None,
        lambda _: True,
        lambda _: 0,
        lambda _: -1.5,
        lambda _: float("nan"),
        lambda _: 10**5000,
        lambda _: "left",
        lambda _: "",
        lambda _: b"left",
        lambda _: {"left": 1},
        lambda _: object(),
        lambda _: Gateway,
        lambda _: Chain,
        lambda workflow: workflow,
        lambda _: ValueError("no"),
        lambda _: lambda: None,
        lambda _: NeverTrue(),
        lambda _: Unspeakable(),
        lambda _: NotImplemented,
        lambda _: ...,
    ],
)
def test_anything_that_is_no_collection__means_all_edges(choose, answer):
    workflow, task, error = choose(answer)

    assert error is None
    assert task.status == Task.SUCCEEDED
    assert open_names(workflow) == ["left", "right"]
    assert workflow.created.year == 2020


@pytest.mark.parametrize(
    ("answer", "name"),
    [(lambda workflow: workflow.left, "left"), (lambda _: Gateway.aside, "aside")],
)
def test_a_task_without_a_list__is_refused(choose, answer, name):
    workflow, task, error = choose(answer)

    assert str(error).startswith(
        f"The task 'choose' returned the task {name!r} itself. Return a list: [self.{name}]."
    )
    assert task.status == Task.FAILED
    assert open_names(workflow) == ["choose"]
    assert workflow.created.year != 2020


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (lambda w: [w.left], ["left"]),
        (lambda w: {w.left, w.right}, ["left", "right"]),
        (lambda w: (w.left,), ["left"]),
        (lambda w: iter([w.right]), ["right"]),
        (lambda w: map(w.get_node, ["right"]), ["right"]),
        (lambda _: [Gateway().left, Gateway(pk=-1).right], ["left", "right"]),
        (lambda w: [w.left] * 1000, ["left"]),
        (lambda _: [], []),
        (lambda _: set(), []),
        (lambda _: range(0), []),
    ],
)
def test_any_collection_of_nodes__is_followed(choose, answer, names):
    workflow, task, error = choose(answer)

    assert error is None
    assert task.status == Task.SUCCEEDED
    assert open_names(workflow) == names


LISTED = "It may return: self.left, self.right."
PLAIN = "A task must be a plain method: it returns None, False or a list of tasks"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda w: [w.left, None], LISTED),
        (lambda w: [w.left, [w.right]], LISTED),
        (lambda w: [w.left, "right"], LISTED),
        (lambda w: [w.left, b"right"], LISTED),
        (lambda w: [w.left, 1], LISTED),
        (lambda w: [w.left, False], LISTED),
        (lambda w: [w.left, Gateway], LISTED),
        (lambda w: [w.left, w], LISTED),
        (lambda w: [w.left, w.save], LISTED),
        (lambda w: [w.left, Chain.first], LISTED),
        (lambda w: [w.left, Chain().first], LISTED),
        (lambda w: [w.left, SplitJoin.join], LISTED),
        (lambda w: [w.left, Task()], LISTED),
        (lambda w: [w.left, lambda: None], LISTED),
        (lambda w: [w.left, generate()], LISTED),
        (lambda _: bytearray(b"left"), LISTED),
        (lambda _: range(3), LISTED),
        (lambda _: Gateway.objects.all(), LISTED),
        (lambda w: [w.left, NeverTrue()], LISTED),
        (lambda w: [w.left, w.aside], "Add (choose, aside) to the edges, or return: self.left"),
        (lambda w: [w.left, w.choose], "Add (choose, choose) to the edges"),
        (lambda w: [w.left, w.start], "Add (choose, start) to the edges"),
        (lambda _: generate(), PLAIN),
        (lambda _: wait(), PLAIN),
        (lambda _: generate_and_wait(), PLAIN),
        (lambda _: Awaitable(), PLAIN),
    ],
)
def test_anything_else__fails_whole_and_says_what_is_allowed(choose, answer, message):
    workflow, task, error = choose(answer)

    assert isinstance(error, InvalidNextNodes)
    assert message in task.exception
    assert (task.status, task.completed) == (Task.FAILED, None)
    assert open_names(workflow) == ["choose"]
    assert workflow.created.year != 2020


@pytest.mark.parametrize("error", [ZeroDivisionError("half-way"), KeyError("\x00\ud800")])
def test_collection_that_breaks_half_way__fails_whole(choose, error):
    workflow, task, raised = choose(lambda _: Breaking(error))

    assert raised is error
    assert task.status == Task.FAILED
    assert type(error).__name__ in task.exception
    assert open_names(workflow) == ["choose"]
    assert workflow.created.year != 2020


@pytest.mark.parametrize("answer", [lambda w: [w.left, Unspeakable()], lambda _: [Endless()]])
def test_what_cannot_be_shown__fails_whole(choose, answer):
    workflow, task, error = choose(answer)

    assert isinstance(error, InvalidNextNodes)
    assert LISTED in task.exception
    assert len(task.exception) < 500
    assert task.status == Task.FAILED
    assert open_names(workflow) == ["choose"]


def test_what_looks_like_a_node__is_taken_for_it(choose):
    workflow, _, error = choose(lambda _: [LooksLikeANode()])

    assert error is None
    assert open_names(workflow) == ["left"]


def test_not_yet__keeps_what_was_written_and_comes_back(choose):
    workflow, task, error = choose(lambda _: False)

    assert error is None
    assert (task.status, task.completed) == (Task.SCHEDULED, None)
    assert open_names(workflow) == ["choose"]
    assert workflow.created.year == 2020
