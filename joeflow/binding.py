"""Make the graph of a class from its body: which attribute is which node."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterable, Set
from types import FunctionType
from typing import Any

from joeflow.exceptions import InvalidDefinition
from joeflow.graph import NO_NODES, Graph, is_escalation
from joeflow.typing import HUMAN, MACHINE, Node

__all__ = ("build_graph", "copy_node")

#: Attributes of a workflow without which not even its checks could run.
_NEEDED = frozenset({"detail_view", "override_view", "urls"})


def build_graph(cls: type) -> tuple[Graph, dict[str, Node]]:
    """Bind the edges of a class to the attributes that they name.

    Args:
        cls: The class whose ``edges`` and attributes, inherited ones included, are read.

    Returns:
        The graph, and those nodes that must be set on the class as they are copies.

    Raises:
        InvalidDefinition: An end of an edge is no attribute of the class, or has two names.
    """
    edges = _read_edges(cls)
    names = _Names(cls)
    edge_names = [(names.find(start), names.find(end)) for start, end in edges]
    copies: dict[str, Node] = {}
    nodes: dict[str, Node] = {}
    escalations = _read_escalations(cls, {name for edge in edge_names for name in edge})
    for name in names.in_order(edges, set(escalations.values())):
        if name in _NEEDED:
            raise InvalidDefinition(
                f"{cls.__qualname__}.{name} has a name that a workflow needs for itself. "
                f"Rename the task {name}."
            )
        node = _read_node(cls, name)
        if name not in vars(cls) or getattr(node, "workflow_cls", None) not in (None, cls):
            node = copies[name] = copy_node(node)
        node.name, node.type, node.workflow_cls = name, getattr(node, "type", MACHINE), cls
        nodes[name] = node
    return Graph(nodes, edge_names, escalations), copies


def _read_edges(cls: type) -> list[tuple[Node, Node]]:
    raw = getattr(cls, "edges", None) or ()
    try:
        edges = [tuple(edge) for edge in raw]
    except TypeError:
        edges = [()]
    if any(len(edge) != 2 for edge in edges):
        raise InvalidDefinition(
            f"{cls.__qualname__}.edges must be an iterable of pairs (start, end), not {raw!r}."
        )
    return edges


def _read_escalations(cls: type, names: Iterable[str]) -> dict[str, str]:
    """Return the machine tasks that run when tasks of people are late; checks find the others."""
    found = {}
    for name in sorted(names):
        node = inspect.getattr_static(cls, name)
        escalation = getattr(node, "overdue", None)
        if getattr(node, "type", MACHINE) == HUMAN and is_escalation(cls, escalation):
            found[name] = str(escalation)
    return found


def _read_node(cls: type, name: str) -> Node:
    node = inspect.getattr_static(cls, name)
    if not hasattr(node, "__dict__") or isinstance(node, NO_NODES):
        raise InvalidDefinition(
            f"{cls.__qualname__}.{name} is {node!r}, which cannot be a node. Use a view like "
            f"tasks.UpdateView(…), a method, or an object with a __call__ method."
        )
    return node


class _Names:
    """Finds the attribute name under which an edge's end stands in a class or its bases."""

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.known: list[tuple[str, Any]] = [
            (name, value)
            for base in reversed(cls.__mro__)
            for name, value in vars(base).items()
            if not name.startswith("__")
        ]

    def in_order(self, edges: Iterable[tuple[Node, Node]], others: Set[str]) -> Iterable[str]:
        """Return the names of the edges' ends, and others; those of a base class come first."""
        ends = {id(node) for edge in edges for node in edge}
        return dict.fromkeys(n for n, value in self.known if id(value) in ends or n in others)

    def find(self, node: Node) -> str:
        names = {name for name, value in self.known if value is node}
        if len(names) == 1:
            return names.pop()
        name = getattr(node, "__name__", None)
        if not names and name is not None and hasattr(self.cls, name):
            raise InvalidDefinition(
                f"{self.cls.__qualname__}.{name} is {getattr(self.cls, name)!r}, and not the task "
                f"that the edges name: its name is taken. Rename the task {name}."
            )
        if not names and isinstance(node, str):
            raise InvalidDefinition(
                f"{self.cls.__qualname__}.edges has the text {node!r}. Edges are made of the tasks "
                f"themselves, not of their names: write {node} without quotes."
            )
        if not names:
            raise InvalidDefinition(
                f"{self.cls.__qualname__}.edges names {node!r}, which is no attribute of the "
                f"class. Give it a name in the class body, like: name = {_example(node)}."
            )
        listed = " and ".join(repr(name) for name in sorted(names))
        raise InvalidDefinition(
            f"{self.cls.__qualname__} uses one node under the names {listed}. "
            f"Make a node of its own for each name."
        )


def _example(node: Node) -> str:
    return "…" if isinstance(node, type) or callable(node) else type(node).__name__ + "(…)"


def copy_node(node: Node) -> Node:
    """Return a copy of a node that belongs to another class, so that this one can have its own."""
    if not isinstance(node, FunctionType):
        copied = copy.copy(node)
        if copied is node:
            raise InvalidDefinition(
                f"{node!r} cannot be copied for a child class. Make it a plain method."
            )
        return copied
    function = FunctionType(
        node.__code__, node.__globals__, node.__name__, node.__defaults__, node.__closure__
    )
    function.__dict__.update(node.__dict__)
    for attribute in ("__kwdefaults__", "__doc__", "__qualname__", "__module__", "__annotations__"):
        setattr(function, attribute, getattr(node, attribute))
    return function
