"""Diagrams in the DOT language."""

import subprocess
import sys

import pytest

from joeflow.diagrams.description import Diagram, DiagramNode, describe, describe_instance
from tests.rules import extra
from tests.unit.diagrams.drawing import HUMAN, LATE, WELCOME, closed, make_graph, opened

graphviz = extra("graphviz")

from joeflow.diagrams.dot import to_graph  # noqa: E402
from joeflow.utils import NoDashDiGraph  # noqa: E402


def lines_of(graph):
    """Return the statements of a graph, without its first and last line."""
    return [line.strip() for line in graph.source.splitlines()[1:-1]]


def instance_lines(rows, links=(), graph=WELCOME):
    return lines_of(to_graph(describe_instance(graph, "LR", rows, links)))


class TestToGraph:
    def test_a_class_is_written_like_this(self):
        assert to_graph(describe(WELCOME, "LR")).source == (
            "digraph {\n"
            "\tgraph [rankdir=LR]\n"
            '\tnode [fillcolor=white fontname="sans-serif" shape=rect style=filled]\n'
            "\tend [color=black fontcolor=black style=filled]\n"
            '\t"has user" [color=black fontcolor=black style=filled]\n'
            '\t"send mail" [color=black fontcolor=black style=filled]\n'
            '\tstart [color=black fontcolor=black style="filled, rounded"]\n'
            '\t"has user" -> end [color=black]\n'
            '\t"has user" -> "send mail" [color=black]\n'
            '\t"send mail" -> end [color=black]\n'
            '\tstart -> "has user" [color=black]\n'
            "}\n"
        )

    def test_the_way_of_what_is_late_is_dotted(self):
        lines = lines_of(to_graph(describe(LATE, "LR")))

        assert "approve -> escalate [color=black style=dotted]" in lines
        assert "approve -> end [color=black]" in lines

    def test_the_way_of_what_was_late_is_dotted_and_black(self):
        rows = [opened(1, "approve", HUMAN), opened(2, "escalate")]

        lines = instance_lines(rows, [(1, 2)], LATE)

        assert "approve -> escalate [color=black style=dotted]" in lines
        assert 'escalate -> end [color="#888888"]' in lines

    def test_color_is_used_everywhere(self):
        lines = lines_of(to_graph(describe(WELCOME, "LR", "#123456")))

        assert '"has user" [color="#123456" fontcolor="#123456" style=filled]' in lines
        assert 'start -> "has user" [color="#123456"]' in lines

    def test_direction_is_written(self):
        assert "graph [rankdir=BT]" in lines_of(to_graph(describe(WELCOME, "BT")))

    def test_what_has_not_happened_is_grey(self):
        lines = instance_lines([])

        assert '"has user" [color="#888888" fontcolor="#888888" style=filled]' in lines
        assert 'start -> "has user" [color="#888888"]' in lines

    def test_an_open_human_task_is_rounded_bold_and_linked(self):
        assert (
            'start [color=black fontcolor=black href="/start/1/" peripheries=1 '
            'style="filled, rounded, bold"]'
        ) in instance_lines([opened(1, "start", HUMAN, href="/start/1/")])

    def test_an_open_machine_task_is_bold(self):
        assert 'end [color=black fontcolor=black peripheries=1 style="filled, bold"]' in (
            instance_lines([opened(1, "end")])
        )

    def test_the_end_of_a_path_has_a_double_border(self):
        assert "end [color=black fontcolor=black peripheries=2 style=filled]" in (
            instance_lines([closed(1, "end")])
        )

    def test_an_override_is_dashed_with_dashed_arrows(self):
        rows = [closed(1, "start", HUMAN), closed(2, "override", HUMAN), opened(3, "end")]

        lines = instance_lines(rows, [(1, 2), (2, 3)])

        assert '"override 2" [peripheries=1 style="filled, rounded, dashed"]' in lines
        assert 'start -> "override 2" [style=dashed]' in lines
        assert '"override 2" -> end [style=dashed]' in lines

    def test_an_obsolete_task_is_dashed_with_dashed_arrows(self):
        rows = [closed(1, "start", HUMAN), opened(2, "old_form", HUMAN)]

        lines = instance_lines(rows, [(1, 2)])

        assert (
            '"old form" [color=black fontcolor=black peripheries=1 '
            'style="filled, dashed, rounded, bold"]'
        ) in lines
        assert 'start -> "old form" [style=dashed]' in lines

    def test_an_ampersand_of_a_link_is_written_as_an_entity(self):
        (line,) = lines_of(
            to_graph(Diagram((DiagramNode("a", human=True, href="/?b=1&lt;=2"),), (), "LR"))
        )[2:]

        assert 'href="/?b=1&amp;lt;=2"' in line

    def test_words_of_the_language_are_quoted(self):
        graph = make_graph([("node", "edge")], node=HUMAN, edge=HUMAN)

        lines = lines_of(to_graph(describe(graph, "LR")))

        assert '"node" -> "edge" [color=black]' in lines

    @pytest.mark.parametrize(("parent", "child"), [("gone", "override"), ("override", "gone")])
    def test_beside_an_obsolete_task_overrides_also_share_a_box(self, parent, child):
        lines = instance_lines([closed(1, parent), closed(2, child)], [(1, 2)])

        assert f"{parent} -> {child} [style=dashed]" in lines


class TestNoDashDiGraph:
    def test_it_is_a_digraph(self):
        assert issubclass(NoDashDiGraph, graphviz.Digraph)

    def test_names_are_shown_with_spaces(self):
        graph = NoDashDiGraph("my_graph")
        graph.node("has_user")
        graph.edge("has_user", "send_mail")

        assert graph.source == (
            'digraph "my graph" {\n\t"has user"\n\t"has user" -> "send mail"\n}\n'
        )

    def test_a_second_node_of_that_name_replaces_the_first(self):
        graph = NoDashDiGraph()
        graph.node("a", color="red", shape="rect")
        graph.node("a", color="blue")

        assert lines_of(graph) == ["a [color=blue]"]

    def test_a_second_edge_between_two_nodes_replaces_the_first(self):
        graph = NoDashDiGraph()
        graph.edge("a", "b", color="red", style="dashed")
        graph.edge("a", "b", color="blue")
        graph.edge("b", "a")

        assert lines_of(graph) == ["a -> b [color=blue]", "b -> a"]

    def test_edges_are_unique_too(self):
        graph = NoDashDiGraph()
        graph.edges([("a", "b"), ("a", "b"), ("a", "c")])

        assert lines_of(graph) == ["a -> b", "a -> c"]

    def test_text_does_not_depend_on_the_order_of_calls(self):
        one, other = NoDashDiGraph(), NoDashDiGraph()
        for name in "abc":
            one.node(name)
            one.edge(name, "a")
        for name in "cba":
            other.edge(name, "a")
            other.node(name)

        assert one.source == other.source

    def test_reading_twice_gives_the_same_text(self):
        graph = NoDashDiGraph()
        graph.node("a", "A", {"color": "red"}, shape="rect")
        graph.edge("a", "b", "to", {"color": "red"}, style="dashed")

        assert graph.source == graph.source
        assert lines_of(graph) == [
            "a [label=A shape=rect color=red]",
            "a -> b [label=to style=dashed color=red]",
        ]

    def test_statements_come_before_nodes_and_edges(self):
        graph = NoDashDiGraph(comment="why", node_attr={"shape": "rect"})
        graph.edge("a", "b")
        graph.node("a")
        graph.attr(rankdir="LR")

        assert graph.source == (
            "// why\ndigraph {\n\tnode [shape=rect]\n\trankdir=LR\n\ta\n\ta -> b\n}\n"
        )

    def test_it_can_be_part_of_another(self):
        part, whole = NoDashDiGraph("cluster_one"), NoDashDiGraph()
        part.node("a_b")
        whole.subgraph(part)

        assert lines_of(whole) == ['subgraph "cluster one" {', '"a b"', "}"]

    def test_a_copy_goes_its_own_way(self):
        graph = NoDashDiGraph()
        graph.node("a")
        graph.edge("a", "b")

        copy = graph.copy()
        copy.node("c")
        copy.edge("a", "c")

        assert lines_of(copy) == ["a", "c", "a -> b", "a -> c"]
        assert lines_of(graph) == ["a", "a -> b"]

    def test_clear_removes_everything(self):
        graph = NoDashDiGraph(node_attr={"shape": "rect"})
        graph.node("a")
        graph.edge("a", "b")

        graph.clear()

        assert graph.source == "digraph {\n}\n"

    def test_clear_can_keep_attributes(self):
        graph = NoDashDiGraph(node_attr={"shape": "rect"})
        graph.node("a")

        graph.clear(keep_attrs=True)

        assert lines_of(graph) == ["node [shape=rect]"]

    @pytest.mark.parametrize(
        ("name", "written"),
        [
            ("<b>bold</b>", '"<b>bold</b>"'),
            ('say "x"', r'"say \"x\""'),
            (r"\N", r'"\\N"'),
            ("end\\", '"end\\\\"'),
            (r"a\"b", r'"a\\\"b"'),
            ("&lt;b&gt;", '"&amp;lt;b&amp;gt;"'),
            ("R&D", '"R&D"'),
            ("a:b:c", '"a:b:c"'),
            ("a\0b", '"a\N{REPLACEMENT CHARACTER}b"'),
            ("a -> b; c", '"a -> b; c"'),
            ("", '""'),
        ],
    )
    def test_no_name_has_a_special_meaning(self, name, written):
        graph = NoDashDiGraph()
        graph.node(name)
        graph.edge(name, name)

        assert lines_of(graph) == [written, f"{written} -> {written}"]


def test_without_the_package_it_can_be_imported_but_not_used():
    program = (
        "import sys; sys.modules['graphviz'] = None\n"
        "import django; django.setup()\n"
        "from joeflow.utils import NoDashDiGraph\n"
        "try:\n    NoDashDiGraph()\n"
        "except ImportError as error:\n    print(type(error).__name__, error)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stderr == ""
    assert done.stdout == (
        "MissingExtra Diagrams need the package graphviz, which is not installed. "
        'Run: pip install "joeflow[graphviz]" if you have the program dot of Graphviz, '
        'else: pip install "joeflow[graphviz-pure]".\n'
    )
