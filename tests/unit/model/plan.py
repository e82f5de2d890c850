"""What is played: nodes and edges as plain data. Nothing here knows joeflow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

START, MACHINE, HUMAN, JOIN, WAIT = "start", "machine", "human", "join", "wait"


@dataclass(frozen=True)
class Node:
    """A node.

    Args:
        name: Its name.
        kind: Start, machine, human, join or wait.
        parents: The names that a join is given; none: those with an edge to it.
        seconds: How long a wait waits.
        inherited: A parent class brings it, and its edges to other inherited nodes.
        overridden: It is inherited, and the class has another one under its name.
    """

    name: str
    kind: str = MACHINE
    parents: tuple[str, ...] = ()
    seconds: float = 0
    inherited: bool = False
    overridden: bool = False


@dataclass(frozen=True)
class Plan:
    """A workflow class before it is one."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]

    @cached_property
    def by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def kind(self, name: str) -> str:
        return self.by_name[name].kind

    @cached_property
    def names(self) -> list[str]:
        """Return the names in the order of the class: what is inherited comes first."""
        return sorted(self.by_name, key=lambda name: not self.by_name[name].inherited)

    def after(self, name: str) -> list[str]:
        """Return the names that an edge leads to, in the order of the class."""
        ends = [end for start, end in self.edges if start == name]
        return sorted(ends, key=self.names.index)

    def before(self, name: str) -> list[str]:
        """Return the names that have an edge to the named node."""
        return [start for start, end in self.edges if end == name]

    @cached_property
    def start(self) -> str:
        return next(node.name for node in self.nodes if node.kind == START)

    @cached_property
    def goals(self) -> list[str]:
        """Return the names of all nodes that an override may choose."""
        return [node.name for node in self.nodes if node.kind != START]


def plan(edges: str, *, joins=None, humans=(), waits=None) -> Plan:
    """Write a plan down shortly, for examples.

    Args:
        edges: Like ``"start>a start>b a>join"``; ``start`` is the start.
        joins: The parents that each join is given, by its name.
        humans: Names of people's tasks.
        waits: Seconds by the name of each wait.
    """
    joins, waits = joins or {}, waits or {}
    pairs = tuple(tuple(edge.split(">")) for edge in edges.split())
    nodes = []
    for name in dict.fromkeys(name for pair in pairs for name in pair):
        if name == "start":
            nodes.append(Node(name, START))
        elif name in joins:
            nodes.append(Node(name, JOIN, parents=tuple(joins[name])))
        elif name in waits:
            nodes.append(Node(name, WAIT, seconds=waits[name]))
        else:
            nodes.append(Node(name, HUMAN if name in humans else MACHINE))
    return Plan(tuple(nodes), pairs)
