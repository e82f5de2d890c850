"""Workflows that do nothing, in as many steps."""

import time

from joeflow import tasks
from joeflow.models import Workflow

LENGTH = 10


#: Branches of an instance at which many work at once.
MANY = 100
#: Seconds that a node takes that takes some time.
SHORT = 0.02


def make_node(name, seconds=0):
    """Return a machine task that does nothing, but takes its time."""

    def node(self):
        if seconds:
            time.sleep(seconds)

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


def make_split(name, width, seconds=0, **others):
    """Return a workflow that splits into so many branches and these, which meet again."""
    parts = {f"part_{number}": make_node(f"part_{number}", seconds) for number in range(width)}
    parts |= others
    split = {"start": tasks.Start(), "split": make_node("split")}
    nodes = {**split, **parts, "meet": tasks.Join(*parts)}
    edges = [("start", "split")]
    edges += [("split", name) for name in parts] + [(name, "meet") for name in parts]
    return make_workflow(name, nodes, edges)


Chain = make_chain("Chain", LENGTH)
Split = make_split("Split", LENGTH)
Wide = make_split("Wide", MANY)
Crowd = make_split("Crowd", MANY, SHORT, sign=tasks.UpdateView(fields=[]))
Minute = make_split("Minute", MANY - 1, slow=make_node("slow", 60))
Form = make_workflow(
    "Form",
    {
        "start": tasks.Start(),
        "sign": tasks.UpdateView(fields=[]),
        "work": make_node("work"),
    },
    [("start", "sign"), ("sign", "work")],
)
