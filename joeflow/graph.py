"""The definition: nodes, edges, and what can reach what. Pure Python, no database."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import FunctionType, MappingProxyType
from typing import Any

from joeflow.exceptions import InvalidDefinition, NodeNotFound
from joeflow.typing import MACHINE, Node

__all__ = ("Graph", "build_graph", "copy_node", "show")

#: So many characters of something unknown are shown in a message.
LONGEST_SHOWN = 200

#: Attributes of a workflow without which not even its checks could run.
_NEEDED = frozenset({"detail_view", "override_view", "urls"})
_NO_NODES = (type, staticmethod, classmethod, property)


class Graph:
    """The nodes of a workflow class and the edges between them; never changed once built.

    Args:
        nodes: Nodes by name, in the order of the class body.
        edges: Names of the start and the end of each edge.
    """

    def __init__(
        self, nodes: Mapping[str, Node] | None = None, edges: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Sort the edges by the order of the nodes, so that a set gives the same graph."""
        self.nodes: Mapping[str, Node] = MappingProxyType(dict(nodes or {}))
        position = {name: index for index, name in enumerate(self.nodes)}
        self.edges: tuple[tuple[str, str], ...] = tuple(
            sorted(dict.fromkeys(edges), key=lambda edge: (position[edge[0]], position[edge[1]]))
        )
        self._waiting_for: dict[str, Mapping[str, frozenset[str]]] = {}
        self._wants_task: dict[str, bool] = {}

    def __bool__(self) -> bool:
        """Tell whether there is anything to run."""
        return bool(self.nodes)

    def get_node(self, name: str) -> Node:
        """Return the node of that name.

        Raises:
            NodeNotFound: There is none.
        """
        if name not in self.nodes:
            listed = ", ".join(self.nodes) or "none"
            raise NodeNotFound(f"There is no node {name!r}; the nodes are: {listed}.")
        return self.nodes[name]

    def name_of(self, node: Node) -> str:
        """Return the name of a node of this graph: a view, a callable or a bound method.

        Raises:
            NodeNotFound: It is something else, or the node of another workflow class.
        """
        function = getattr(node, "__func__", node)
        name = getattr(function, "name", None)
        own = self.nodes.get(name) if isinstance(name, str) else None
        owner = getattr(function, "workflow_cls", None)
        if own is not None and owner is not None and issubclass(own.workflow_cls, owner):
            return str(name)
        for name, own in self.nodes.items():
            # A test may have put a mock in the place of the node.
            if inspect.getattr_static(own.workflow_cls, name) is function:
                return name
        raise NodeNotFound(
            f"{show(node)} is no node of this workflow; the nodes are: {', '.join(self.nodes)}."
        )

    def wants_task(self, name: str) -> bool:
        """Tell whether a machine node is called with its task."""
        if name not in self._wants_task:
            self._wants_task[name] = takes_task(self.nodes[name])
        return self._wants_task[name]

    @cached_property
    def _successors(self) -> dict[str, tuple[str, ...]]:
        return {name: tuple(e for s, e in self.edges if s == name) for name in self.nodes}

    @cached_property
    def _predecessors(self) -> dict[str, tuple[str, ...]]:
        return {name: tuple(s for s, e in self.edges if e == name) for name in self.nodes}

    def successors(self, name: str) -> tuple[str, ...]:
        """Return the names of the nodes that an edge leads to from the named one."""
        return self._successors.get(name, ())

    def predecessors(self, name: str) -> tuple[str, ...]:
        """Return the names of the nodes that have an edge to the named one."""
        return self._predecessors.get(name, ())

    @cached_property
    def joins(self) -> frozenset[str]:
        """Names of the nodes that wait for their parents."""
        return frozenset(name for name, node in self.nodes.items() if is_join(node))

    def join_parents(self, name: str) -> frozenset[str]:
        """Return the names of the nodes that a join waits for."""
        return frozenset(self.nodes[name].parents) or frozenset(self.predecessors(name))

    def waiting_for(self, join: str) -> Mapping[str, frozenset[str]]:
        """Return for each parent of a join the nodes whose tasks can still become that parent.

        These are the parent itself and all nodes with a path to it that does not pass the join.
        """
        if join not in self._waiting_for:
            self._waiting_for[join] = {
                parent: self._reaching(parent, avoiding=join) for parent in self.join_parents(join)
            }
        return self._waiting_for[join]

    def _reaching(self, target: str, *, avoiding: str) -> frozenset[str]:
        found, todo = {target}, [target]
        while todo:
            name = todo.pop()
            if name == avoiding:
                continue  # a path may begin at the join, but not lead through it
            new = set(self.predecessors(name)) - found
            found |= new
            todo.extend(new)
        return frozenset(found)

    @cached_property
    def starts(self) -> tuple[str, ...]:
        """Names of the nodes that can begin an instance."""
        return tuple(name for name, node in self.nodes.items() if getattr(node, "is_start", False))

    @cached_property
    def reachable(self) -> frozenset[str]:
        """Names of the nodes that some start leads to, starts included."""
        found, todo = set(self.starts), list(self.starts)
        while todo:
            new = set(self.successors(todo.pop())) - found
            found |= new
            todo.extend(new)
        return frozenset(found)


def show(thing: object) -> str:
    """Return what somebody gave us instead of a node, for a message: short, and in any case."""
    try:
        text = repr(thing)
    except Exception:  # noqa: BLE001 - the message is about something else
        text = object.__repr__(thing)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def is_join(node: Node) -> bool:
    """Tell whether a node waits for its parents."""
    return bool(getattr(node, "is_join", False))


def takes_task(node: Node) -> bool:
    """Tell whether a machine node wants its `Task`: it has a parameter of that name."""
    if getattr(node, "with_task", False):
        return True
    try:
        return "task" in inspect.signature(node).parameters
    except (TypeError, ValueError):  # a callable without a readable signature, e.g. from C
        return False


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
    for name in names.in_order(edges):
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
    return Graph(nodes, edge_names), copies


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


def _read_node(cls: type, name: str) -> Node:
    node = inspect.getattr_static(cls, name)
    if not hasattr(node, "__dict__") or isinstance(node, _NO_NODES):
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

    def in_order(self, edges: Iterable[tuple[Node, Node]]) -> Iterable[str]:
        """Return the names of the edges' ends; those of a base class come first."""
        ends = {id(node) for edge in edges for node in edge}
        return dict.fromkeys(name for name, value in self.known if id(value) in ends)

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
