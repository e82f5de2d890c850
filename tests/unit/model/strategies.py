"""Random plans, answers and mishaps."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.unit.model.answers import ANSWERS, GOING_ON, Answer
from tests.unit.model.crashes import Crash
from tests.unit.model.plan import HUMAN, JOIN, MACHINE, START, WAIT, Node, Plan, plan

NAMES = "abcdefg"
#: Machines and joins are what goes wrong; people and waits come now and then.
KINDS = [MACHINE, MACHINE, MACHINE, JOIN, JOIN, HUMAN, WAIT]
#: Joins in all positions that the design speaks of; chance makes few of them.
JOINED = [
    plan("start>a start>b a>join b>join join>end", joins={"join": ("a",)}),
    plan("start>a start>b a>join b>join join>c c>join", joins={"join": ("a", "c")}),
    plan("start>a a>b a>c b>join c>join join>d d>a", joins={"join": ()}),
    plan(
        "start>a start>b a>first b>second first>c c>second second>d d>first",
        joins={"first": ("a", "d"), "second": ("b", "c")},
    ),
    plan("start>a a>join join>join a>other join>other", joins={"join": (), "other": ()}),
]


def all_plans():
    """Draw a graph, at random or from those with joins."""
    return plans() | st.sampled_from(JOINED)


@st.composite
def plans(draw, most=6, is_tame=False):
    """Draw a graph that the start reaches all of; edges may lead anywhere, back too.

    Args:
        most: How many nodes at most, besides the start.
        is_tame: No loop is made of joins and waits alone: it would never come to rest.
    """
    names = list(NAMES[: draw(st.integers(1, most))])
    edges = {(draw(st.sampled_from(["start", *names[:i]])), name) for i, name in enumerate(names)}
    more = st.tuples(st.sampled_from(["start", *names]), st.sampled_from(names))
    edges |= draw(st.sets(more, max_size=2 * most))
    kinds = {"start": START, **{name: draw(st.sampled_from(KINDS)) for name in names}}
    if is_tame:
        edges = {(s, e) for s, e in edges if s < e or s == "start" or kinds[s] in {MACHINE, HUMAN}}
    ordered = tuple(sorted(edges))
    has_parent = draw(st.booleans())
    nodes = [Node("start", START, inherited=has_parent)]
    nodes += [draw(_nodes(name, kinds[name], ordered, has_parent)) for name in names]
    return Plan(tuple(nodes), ordered)


@st.composite
def _nodes(draw, name, kind, edges, has_parent):
    parents = ()
    if kind == JOIN and draw(st.booleans()):
        before = [start for start, end in edges if end == name]
        parents = tuple(draw(st.lists(st.sampled_from(before), unique=True)))
    inherited = has_parent and draw(st.booleans())
    return Node(
        name,
        kind,
        parents=parents,
        seconds=draw(st.sampled_from([3, 60])) if kind == WAIT else 0,
        inherited=inherited,
        overridden=inherited and draw(st.booleans()),
    )


MASKS = st.integers(0, 127)


def answers(words):
    """Draw what a node answers."""
    return st.builds(Answer, st.sampled_from(words), MASKS)


#: What goes wrong comes more often than it would by chance.
MISHAPS = (*ANSWERS, *["false", "woken", "raise", "database", "die", "end"] * 2)


def scripts(words=MISHAPS):
    """Draw what the nodes of a visit answer, one after the other."""
    return st.lists(answers(words), min_size=1, max_size=3)


#: Scripts of nodes that go on.
calm_scripts = scripts(GOING_ON)
crashes = st.none() | st.none() | st.builds(Crash, st.integers(0, 2), st.booleans())
stays = st.sampled_from([0, 0, 1, 2, 5])
