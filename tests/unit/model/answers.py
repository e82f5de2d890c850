"""What a node may do when it is run, and what the design says that this means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import OperationalError

from tests.unit.model.crashes import Killed
from tests.unit.model.plan import Plan

#: What it means: go on to nodes, ask again later, a failure, a broken database, a killed worker.
GO, NOT_YET, FAIL, RETRY, DIE = "go", "not yet", "fail", "retry", "die"


@dataclass(frozen=True)
class Answer:
    """An answer, before it is known which node gives it.

    Args:
        word: Which one; see `ANSWERS`.
        mask: Which of the edges, as bits.
    """

    word: str = "none"
    mask: int = 0


def _yields():
    yield 1


class Stranger:
    """No node of anything."""

    name = "start"


#: Values that are neither False nor an iterable of nodes: all edges.
PLAIN = {"none": None, "true": True, "zero": 0, "text": "", "mapping": {}, "object": object()}
#: How the chosen nodes are returned.
SHAPES = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "keys": lambda nodes: dict.fromkeys(nodes).keys(),
    "iterator": iter,
    "twice": lambda nodes: [*nodes, *reversed(nodes)],
}
#: Values that fail the task.
WRONG = {"generator": _yields, "stranger": lambda: [Stranger()], "numbers": lambda: [1]}
GOING_ON = (*PLAIN, *SHAPES)
ANSWERS = (*GOING_ON, *WRONG, "no edge", "end", "false", "woken", "raise", "database", "die")


def meaning(answer: Answer, plan: Plan, name: str) -> tuple[str, list[str]]:
    """Return what an answer of a node means, and the names of the nodes that follow."""
    after = plan.after(name)
    if answer.word in SHAPES:
        return GO, [node for bit, node in enumerate(after) if answer.mask >> bit & 1]
    if answer.word == "end":
        return GO, []
    if answer.word in {"false", "woken"}:
        return NOT_YET, []
    if answer.word in {"raise", *WRONG} or (answer.word == "no edge" and _unlinked(plan, name)):
        return FAIL, []
    if answer.word in {"database", "die"}:
        return RETRY if answer.word == "database" else DIE, []
    return GO, after


def _unlinked(plan: Plan, name: str) -> list[str]:
    return [node.name for node in plan.nodes if node.name not in plan.after(name)]


def give(answer: Answer, plan: Plan, name: str, workflow: Any) -> Any:
    """Return, or raise, what the node of an instance answers."""
    if answer.word == "raise":
        raise ValueError("The node does not want to.")
    if answer.word == "database":
        raise OperationalError("The connection is gone.")
    if answer.word == "die":
        raise Killed
    if answer.word in WRONG:
        return WRONG[answer.word]()
    if answer.word in {"false", "woken"}:
        return False
    if answer.word == "end":
        return []
    if answer.word == "no edge" and _unlinked(plan, name):
        return [getattr(workflow, node) for node in _unlinked(plan, name)[:1]]
    if answer.word in SHAPES:
        names = meaning(answer, plan, name)[1]
        return SHAPES[answer.word]([getattr(workflow, node) for node in names])
    return PLAIN.get(answer.word)
