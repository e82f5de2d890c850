"""What a machine task's return value means."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Final

from joeflow.exceptions import InvalidNextNodes, NodeNotFound
from joeflow.graph import Graph, show

__all__ = ("NOT_YET", "read_result")


class _NotYet(tuple[str, ...]):
    """Stands for "ask again later"; follows nothing."""

    __slots__ = ()


NOT_YET: Final = _NotYet()


def read_result(
    graph: Graph, name: str, result: Any, *, must_choose: bool = False
) -> tuple[str, ...]:
    """Return the names of the nodes that follow a task, from what its node returned.

    Args:
        graph: The graph of the workflow class.
        name: Name of the node.
        result: What it returned.
        must_choose: It runs as somebody is late: to go all ways, it must say so.

    Returns:
        Names of nodes, or `NOT_YET` for ``False``.

    Raises:
        InvalidNextNodes: It returned something that cannot follow it.
    """
    if result is False:
        return NOT_YET
    _refuse_lazy(name, result)
    _refuse_bare(graph, name, result)
    if isinstance(result, (str, bytes, Mapping)) or not isinstance(result, Iterable):
        if must_choose:
            raise InvalidNextNodes(
                f"The task {name!r} runs as somebody is late, and returned {show(result)}. It may "
                f"return None to leave the late task open, or a list of tasks to go on with: "
                f"{_listed(graph, name)}."
            )
        return graph.successors(name)
    return tuple(dict.fromkeys(_read_node(graph, name, node) for node in result))


def _refuse_lazy(name: str, result: Any) -> None:
    if inspect.iscoroutine(result):
        result.close()  # it will never be awaited
    if inspect.isgenerator(result) or inspect.isasyncgen(result) or inspect.isawaitable(result):
        raise InvalidNextNodes(
            f"The task {name!r} returned {show(result)}. A task must be a plain method: it returns "
            f"None, False or a list of tasks, without 'yield' and without 'async'."
        )


def _refuse_bare(graph: Graph, name: str, result: Any) -> None:
    """Refuse a task without a list around it, which would count as any other value: all edges."""
    if not callable(result) and not hasattr(result, "workflow_cls"):
        return
    try:
        next_name = graph.name_of(result)
    except NodeNotFound:
        return
    raise InvalidNextNodes(
        f"The task {name!r} returned the task {next_name!r} itself. Return a list: "
        f"[self.{next_name}]."
    )


def _read_node(graph: Graph, name: str, node: Any) -> str:
    try:
        next_name = graph.name_of(node)
    except NodeNotFound as error:
        raise InvalidNextNodes(
            f"The task {name!r} returned a list with {show(node)}, which is no task of this "
            f"workflow. It may return: {_listed(graph, name)}."
        ) from error
    if next_name not in graph.successors(name):
        raise InvalidNextNodes(
            f"The task {name!r} returned the task {next_name!r}, but there is no edge between "
            f"them. Add ({name}, {next_name}) to the edges, or return: {_listed(graph, name)}."
        )
    return next_name


def _listed(graph: Graph, name: str) -> str:
    return ", ".join(f"self.{successor}" for successor in graph.successors(name)) or "[]"
