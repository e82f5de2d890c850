"""The reference interpreter itself, by hand: who checks others must be checked."""

import ast
from pathlib import Path

import pytest

from tests.unit.model import plan as plans
from tests.unit.model import reference
from tests.unit.model.plan import plan
from tests.unit.model.reference import Interpreter

BRANCHES = plan("start>a start>b a>join b>join join>end", joins={"join": ()})
CROSSED = plan(
    "start>a start>b a>first b>second first>c c>second second>d d>first",
    joins={"first": ("a", "d"), "second": ("b", "c")},
)


def begun(of):
    interpreter = Interpreter(of)
    interpreter.start()
    return interpreter


def finish(interpreter, name, names=None):
    """Complete the open task of a node."""
    (task,) = [task for task in interpreter.open if task.name == name]
    interpreter.succeed(task, interpreter.plan.after(name) if names is None else names)


def waiting(interpreter):
    return [task.name for task in interpreter.tasks if interpreter.waits(task)]


@pytest.mark.parametrize("module", [reference, plans])
def test_it_shares_no_import_with_joeflow(module):
    tree = ast.parse(Path(module.__file__).read_text())
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [getattr(node, "module", None) or node.names[0].name for node in nodes]

    assert [name for name in names if name.startswith(("joeflow", "django"))] == []


def test_a_join_waits_for_all_its_parents():
    interpreter = begun(BRANCHES)

    finish(interpreter, "a")
    assert waiting(interpreter) == ["join"]

    finish(interpreter, "b")
    assert waiting(interpreter) == []
    assert [task.name for task in interpreter.due(0)] == ["join"]


def test_a_join_does_not_wait_for_who_cannot_come():
    interpreter = begun(BRANCHES)
    finish(interpreter, "a")

    finish(interpreter, "b", [])

    assert waiting(interpreter) == []


def test_a_failed_branch_holds_a_join():
    interpreter = begun(BRANCHES)
    finish(interpreter, "a")

    interpreter.fail(interpreter.tasks[2], interpreter.tasks[2].touched)

    assert waiting(interpreter) == ["join"]


def test_of_joins_that_wait_for_each_other_the_oldest_is_due():
    interpreter = begun(CROSSED)

    finish(interpreter, "a")
    finish(interpreter, "b")

    assert waiting(interpreter) == ["second"]


def test_a_join_that_is_due_takes_no_arrivals():
    loop = plan("start>a start>b a>join b>join b>b", joins={"join": ("a",)})
    interpreter = begun(loop)
    finish(interpreter, "a")
    assert waiting(interpreter) == []

    finish(interpreter, "b")

    assert [task.name for task in interpreter.tasks].count("join") == 2


def test_an_override_cancels_what_is_open():
    interpreter = begun(BRANCHES)

    interpreter.override(["end"])

    assert [task.name for task in interpreter.open] == ["end"]
    assert [parent.name for parent in interpreter.tasks[-2].parents] == ["a", "b"]


@pytest.mark.parametrize(("attempts", "grace"), [(0, 0), (1, 30), (2, 60), (5, 480), (9, 480)])
def test_the_grace_period_doubles_up_to_sixteen_times(attempts, grace):
    interpreter = begun(BRANCHES)
    task = interpreter.tasks[1]
    task.attempts = attempts

    assert interpreter.grace(task) == grace
    assert task not in interpreter.overdue(grace - 1)
    assert task in interpreter.overdue(grace + 1)
