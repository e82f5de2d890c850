"""What a diagram shows: computed once, from a graph and plain rows, for every writer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from django.utils.encoding import iri_to_uri

from joeflow.graph import Graph, words
from joeflow.typing import HUMAN

__all__ = (
    "Diagram",
    "DiagramEdge",
    "DiagramNode",
    "Kind",
    "TaskRow",
    "describe",
    "describe_instance",
    "readable",
    "safe_href",
)

#: Color of what happened, and of a workflow class.
BLACK = "black"
#: Color of what has not happened.
GREY = "#888888"
#: Name of the task that records an override.
OVERRIDE = "override"


class Kind(Enum):
    """What a box stands for."""

    NODE = "node"
    """A node of the workflow class."""
    OVERRIDE = "override"
    """A person's jump from what was open to other nodes; each has a box of its own."""
    OBSOLETE = "obsolete"
    """Tasks whose node is gone from the code."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """What a diagram needs to know of a task.

    Args:
        pk: The task's key; later tasks have greater ones.
        name: Name of the task's node.
        type: ``"human"`` or ``"machine"``.
        completed: Whether the task is closed.
        href: Where the task's form is, if somebody can open it.
    """

    pk: int
    name: str
    type: str
    completed: bool
    href: str | None = None


@dataclass(frozen=True, slots=True)
class DiagramNode:
    """One box.

    Args:
        name: Unique in the diagram.
        human: Whether it is done by people: drawn with rounded corners.
        kind: What it stands for; all but nodes of the class are drawn dashed.
        color: Color of border and text; ``None`` leaves it to the writer.
        visited: Whether the instance came by here.
        open: Whether a task waits here: drawn bold.
        end: Whether a path of the instance ended here: drawn with a double border.
        href: Where a click on the box leads.
    """

    name: str
    human: bool
    kind: Kind = Kind.NODE
    color: str | None = BLACK
    visited: bool = False
    open: bool = False
    end: bool = False
    href: str | None = None

    @property
    def label(self) -> str:
        """The name as people read it."""
        return readable(self.name)


@dataclass(frozen=True, slots=True)
class DiagramEdge:
    """One arrow between two boxes, from ``tail`` to ``head``."""

    tail: str
    head: str
    color: str | None = BLACK
    dashed: bool = False
    #: It is the way to what runs when a task is late.
    dotted: bool = False


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes, unique by name, and arrows, unique by their ends; ``rankdir`` is their direction."""

    nodes: tuple[DiagramNode, ...]
    edges: tuple[DiagramEdge, ...]
    rankdir: str


def describe(graph: Graph, rankdir: str, color: str = BLACK) -> Diagram:
    """Describe a workflow class.

    Args:
        graph: The graph of the class.
        rankdir: Direction of the edges: ``"LR"``, ``"RL"``, ``"TB"`` or ``"BT"``.
        color: Color of all boxes and arrows.
    """
    return _Drawing(graph, color).finish(rankdir)


def describe_instance(
    graph: Graph, rankdir: str, rows: Iterable[TaskRow], links: Iterable[tuple[int, int]]
) -> Diagram:
    """Describe what an instance has done, what it is doing, and what it may do.

    Where the instance visited a node several times, an open visit is drawn rather than a
    closed one, and a later one rather than an earlier one.

    Args:
        graph: The graph of the instance's class.
        rankdir: Direction of the edges: ``"LR"``, ``"RL"``, ``"TB"`` or ``"BT"``.
        rows: All tasks of the instance, in any order.
        links: Keys of parent and child of each link between those tasks.
    """
    tasks = {row.pk: row for row in sorted(rows, key=lambda row: row.pk)}
    steps = [(tasks[a], tasks[b]) for a, b in sorted(links) if a in tasks and b in tasks]
    with_children = {parent.pk for parent, _ in steps}
    drawing = _Drawing(graph, GREY)
    for row in _visits(tasks.values()):
        drawing.visit(row, end=row.completed and row.pk not in with_children)
    for parent, child in steps:
        drawing.follow(parent, child)
    return drawing.finish(rankdir)


@dataclass(slots=True)
class _Drawing:
    """A diagram in the making: the nodes and edges of a class, then the steps of an instance."""

    graph: Graph
    color: str
    nodes: dict[str, DiagramNode] = field(init=False)
    edges: dict[tuple[str, str], DiagramEdge] = field(init=False)

    def __post_init__(self) -> None:
        self.nodes = {
            name: DiagramNode(name, human=node.type == HUMAN, color=self.color)
            for name, node in self.graph.nodes.items()
        }
        self.edges = {edge: DiagramEdge(*edge, color=self.color) for edge in self.graph.edges}
        for edge in self.graph.escalations.items():
            self.edges[edge] = DiagramEdge(*edge, color=self.color, dotted=True)

    def visit(self, row: TaskRow, *, end: bool) -> None:
        kind, name = _kind(row, self.graph.nodes), _box(row)
        self.nodes[name] = DiagramNode(
            name,
            human=row.type == HUMAN or kind is Kind.OVERRIDE,
            kind=kind,
            color=None if kind is Kind.OVERRIDE else BLACK,
            visited=True,
            open=not row.completed and kind is not Kind.OVERRIDE,
            end=end,
            href=safe_href(row.href) if kind is Kind.NODE else None,
        )

    def follow(self, parent: TaskRow, child: TaskRow) -> None:
        ends = _box(parent), _box(child)
        planned = all(_kind(row, self.graph.nodes) is Kind.NODE for row in (parent, child))
        color = BLACK if planned else None
        dotted = ends in self.graph.escalations.items()
        self.edges[ends] = DiagramEdge(*ends, color, dashed=not planned, dotted=dotted)

    def finish(self, rankdir: str) -> Diagram:
        return Diagram(tuple(self.nodes.values()), tuple(self.edges.values()), rankdir)


def _visits(rows: Iterable[TaskRow]) -> Iterable[TaskRow]:
    """Choose for each box the task that it shows; ``rows`` come oldest first."""
    chosen: dict[str, TaskRow] = {}
    for row in rows:
        current = chosen.get(_box(row))
        if current is None or current.completed or not row.completed:
            chosen[_box(row)] = row
    return chosen.values()


def _box(row: TaskRow) -> str:
    return f"{OVERRIDE}_{row.pk}" if row.name == OVERRIDE else row.name


def _kind(row: TaskRow, nodes: Mapping[str, object]) -> Kind:
    if row.name == OVERRIDE:
        return Kind.OVERRIDE
    return Kind.NODE if row.name in nodes else Kind.OBSOLETE


_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


def readable(name: str) -> str:
    """Return a name as people read it: spaces for underscores, and nothing that XML forbids."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", words(name))


_LEADS_SOMEWHERE = re.compile(r"(https?:|[/?#.])", re.IGNORECASE)


def safe_href(href: str | None) -> str | None:
    """Return an address in a form that no diagram can mistake for markup or script.

    Args:
        href: A path or an address.

    Returns:
        The address with all special characters quoted, or ``None`` where it is neither a path
        that begins with ``/``, ``?``, ``#`` or ``.`` nor begins with ``http:`` or ``https:``.
    """
    if href is None or not _LEADS_SOMEWHERE.match(href):
        return None
    return str(iri_to_uri(href)).replace("'", "%27")
