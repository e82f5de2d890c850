"""The definition: nodes, edges, and what can reach what. Pure Python, no database."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

from joeflow.exceptions import NodeNotFound
from joeflow.typing import MACHINE, Node

__all__ = ("NO_NODES", "Graph", "is_escalation", "is_join", "show", "takes_task", "words")

#: So many characters of something unknown are shown in a message.
LONGEST_SHOWN = 200

#: What can stand in the body of a class and is no node.
NO_NODES = (type, staticmethod, classmethod, property)


class Graph:
    """The nodes of a workflow class and the edges between them; never changed once built.

    Args:
        nodes: Nodes by name, in the order of the class body.
        edges: Names of the start and the end of each edge.
        escalations: For a task of people, the name of the machine task that runs when it is late.
    """

    def __init__(
        self,
        nodes: Mapping[str, Node] | None = None,
        edges: Iterable[tuple[str, str]] = (),
        escalations: Mapping[str, str] | None = None,
    ) -> None:
        """Sort the edges by the order of the nodes, so that a set gives the same graph."""
        self.nodes: Mapping[str, Node] = MappingProxyType(dict(nodes or {}))
        position = {name: index for index, name in enumerate(self.nodes)}
        self.edges: tuple[tuple[str, str], ...] = tuple(
            sorted(dict.fromkeys(edges), key=lambda edge: (position[edge[0]], position[edge[1]]))
        )
        self.escalations: Mapping[str, str] = MappingProxyType(dict(escalations or {}))
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

    def escalated_by(self, name: str) -> frozenset[str]:
        """Return the names of the tasks of people for which the named one runs when they are late.

        Args:
            name: Name of a machine task.
        """
        return frozenset(
            late for late, escalation in self.escalations.items() if escalation == name
        )

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
            new = set(self.predecessors(name)) | self.escalated_by(name)
            new -= found
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
            name = todo.pop()
            new = {*self.successors(name), self.escalations.get(name, name)} - found
            found |= new
            todo.extend(new)
        return frozenset(found)


def words(name: str) -> str:
    """Return the name of a node as a person reads it."""
    return name.replace("_", " ")


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


def is_escalation(cls: type, name: Any) -> bool:
    """Tell whether a class has a machine task of this name, which can run when something is late.

    Args:
        cls: The workflow class.
        name: What a task of people names.
    """
    node = inspect.getattr_static(cls, name, None) if isinstance(name, str) else None
    if node is None or isinstance(node, NO_NODES) or not hasattr(node, "__dict__"):
        return False
    is_special = is_join(node) or bool(getattr(node, "is_start", False))
    return callable(node) and getattr(node, "type", MACHINE) == MACHINE and not is_special
