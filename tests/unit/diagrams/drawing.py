"""A small graph, without a database, and short ways to ask a description."""

from types import SimpleNamespace

from joeflow.diagrams.description import TaskRow
from joeflow.graph import Graph

HUMAN, MACHINE = "human", "machine"


def make_graph(edges, escalations=(), **types):
    """Return a graph with nodes of these types, in this order."""
    nodes = {name: SimpleNamespace(type=type_) for name, type_ in types.items()}
    return Graph(nodes, edges, dict(escalations))


#: Somebody starts; the machine looks whether there is a user, and goes one of two ways.
WELCOME = make_graph(
    [("start", "has_user"), ("has_user", "send_mail"), ("has_user", "end"), ("send_mail", "end")],
    start=HUMAN,
    has_user=MACHINE,
    send_mail=MACHINE,
    end=MACHINE,
)

#: Somebody approves; where that is late, a machine decides.
LATE = make_graph(
    [("approve", "end"), ("escalate", "end")],
    [("approve", "escalate")],
    approve=HUMAN,
    escalate=MACHINE,
    end=MACHINE,
)


def closed(pk, name, type_=MACHINE, **options):
    return TaskRow(pk, name, type_, completed=True, **options)


def opened(pk, name, type_=MACHINE, **options):
    return TaskRow(pk, name, type_, completed=False, **options)


def nodes_of(diagram):
    return {node.name: node for node in diagram.nodes}


def edges_of(diagram):
    return {(edge.tail, edge.head): edge for edge in diagram.edges}
