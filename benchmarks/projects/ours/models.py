"""Workflows that do nothing, in as many steps."""

from joeflow import tasks
from joeflow.models import Workflow

LENGTH = 10


def make_node(name):
    """Return a machine task that does nothing."""

    def node(self):
        pass

    node.__name__ = name
    return node


def make_workflow(name, nodes, edges):
    """Return a workflow class with these nodes, and edges between their names."""
    pairs = [(nodes[before], nodes[after]) for before, after in edges]
    return type(Workflow)(name, (Workflow,), {"__module__": __name__, **nodes, "edges": pairs})


def make_chain(name, length):
    """Return a workflow whose tasks follow each other."""
    names = [f"step_{number}" for number in range(length)]
    nodes = {"start": tasks.Start(), **{name: make_node(name) for name in names}}
    return make_workflow(name, nodes, zip(nodes, names, strict=False))


def make_split(name, width, join):
    """Return a workflow that splits into so many branches, which meet again."""
    names = [f"part_{number}" for number in range(width)]
    nodes = {
        "start": tasks.Start(),
        "split": make_node("split"),
        **{name: make_node(name) for name in names},
        "meet": join,
    }
    edges = [("start", "split")]
    edges += [("split", name) for name in names] + [(name, "meet") for name in names]
    return make_workflow(name, nodes, edges)


Chain = make_chain("Chain", LENGTH)
Split = make_split("Split", LENGTH, tasks.Join(*[f"part_{number}" for number in range(LENGTH)]))
Form = make_workflow(
    "Form",
    {
        "start": tasks.Start(),
        "sign": tasks.UpdateView(fields=[]),
        "work": make_node("work"),
    },
    [("start", "sign"), ("sign", "work")],
)
