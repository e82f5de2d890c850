"""Diagrams in the language of Mermaid."""

import re

import pytest

from joeflow.diagrams.description import (
    Diagram,
    DiagramNode,
    describe,
    describe_instance,
)
from joeflow.diagrams.mermaid import to_mermaid
from tests.unit.diagrams.drawing import HUMAN, LATE, MACHINE, WELCOME, closed, make_graph, opened


def lines_of(diagram):
    return [line.strip() for line in to_mermaid(diagram).splitlines()]


def write_node(**options):
    return lines_of(Diagram((DiagramNode(**{"name": "a", "human": False} | options),), (), "LR"))


def test_a_class_is_written_like_this():
    graph = make_graph(
        [("start", "has_user"), ("has_user", "end")], start=HUMAN, has_user=MACHINE, end=MACHINE
    )

    assert to_mermaid(describe(graph, "LR")) == (
        "graph LR\n"
        '    n0("start")\n'
        "    style n0 fill:#fff,stroke:black,color:black\n"
        '    n1["has user"]\n'
        "    style n1 fill:#fff,stroke:black,color:black\n"
        '    n2["end"]\n'
        "    style n2 fill:#fff,stroke:black,color:black\n"
        "    n0 --> n1\n"
        "    n1 --> n2\n"
        "    linkStyle 0 stroke:black\n"
        "    linkStyle 1 stroke:black"
    )


def test_direction_is_written():
    assert lines_of(describe(WELCOME, "TB"))[0] == "graph TB"


def test_what_has_not_happened_is_grey():
    lines = lines_of(describe_instance(WELCOME, "LR", [opened(1, "start")], []))

    assert "style n0 fill:#fff,stroke:black,color:black,stroke-width:3px" in lines
    assert "style n1 fill:#fff,stroke:#888888,color:#888888" in lines
    assert "linkStyle 0 stroke:#888888" in lines


def test_a_step_that_was_made_is_black():
    rows = [closed(1, "start"), opened(2, "has_user")]

    lines = lines_of(describe_instance(WELCOME, "LR", rows, [(1, 2)]))

    assert [line for line in lines if line.startswith("linkStyle")] == [
        "linkStyle 0 stroke:black",
        "linkStyle 1 stroke:#888888",
        "linkStyle 2 stroke:#888888",
        "linkStyle 3 stroke:#888888",
    ]


def test_overrides_and_their_arrows_are_dashed():
    rows = [closed(1, "start"), closed(2, "override", HUMAN), opened(3, "end")]

    lines = lines_of(describe_instance(WELCOME, "LR", rows, [(1, 2), (2, 3)]))

    assert 'n4("override 2")' in lines
    assert "style n4 fill:#fff,stroke:black,color:black,stroke-dasharray:5 5" in lines
    assert [line for line in lines if "-.->" in line] == ["n0 -.-> n4", "n4 -.-> n3"]


def test_the_way_of_what_is_late_is_dotted():
    lines = lines_of(describe(LATE, "LR"))

    assert [line for line in lines if "-.->" in line] == ["n0 -.-> n1"]


def test_an_end_has_a_double_border():
    assert 'n0[["a"]]' in write_node(end=True)


def test_an_open_form_is_linked():
    assert 'click n0 href "/shipping/1/?a=1&b=2"' in write_node(href="/shipping/1/?a=1&b=2")


def test_a_node_without_address_is_not_linked():
    assert not [line for line in write_node() if line.startswith("click")]


@pytest.mark.parametrize("color", ["#888888", "red", "#fff"])
def test_plain_colors_are_used(color):
    assert f"style n0 fill:#fff,stroke:{color},color:{color}" in write_node(color=color)


@pytest.mark.parametrize("color", ["red;x", "red,fill:blue", "/blues9/3", "red\nclick n0 call x()"])
def test_what_is_no_plain_color_is_black(color):
    assert write_node(color=color) == write_node()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ('a"]; click n0 call alert()', "a#34;#93;#59; click n0 call alert()"),
        ("<script>", "#60;script#62;"),
        ("`bold`", "#96;bold#96;"),
        ("#quot;", "#35;quot#59;"),
        ("a\nb", "a\N{REPLACEMENT CHARACTER}b"),
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        ("%%{init: {}}%%", "#37;#37;#123;init: #123;#125;#125;#37;#37;"),
        ("a\\nb", "a#92;nb"),
        ("", "#160;"),
        ("straße_审批", "straße 审批"),
    ],
)
def test_no_label_breaks_out(name, written):
    (_, line, _) = write_node(name=name)

    assert re.sub("#65533;", "\N{REPLACEMENT CHARACTER}", line) == f'n0["{written}"]'
