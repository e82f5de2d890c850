"""Write diagrams in the language of Mermaid, for pages that draw it in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

from joeflow.diagrams.description import BLACK, Diagram, DiagramEdge, DiagramNode, Kind

__all__ = ("to_mermaid",)

_COLOR = re.compile(r"#?\w+", re.ASCII)
_SPECIAL = re.compile(r"[^\w .,:!?()+*/-]|_")


def to_mermaid(diagram: Diagram) -> str:
    """Write a diagram as a Mermaid flowchart.

    Nodes are numbered, since their names could be words of the language, like ``end``.
    """
    ids = {node.name: f"n{index}" for index, node in enumerate(diagram.nodes)}
    return "\n".join(
        (
            f"graph {diagram.rankdir}",
            *(f"    {line}" for node in diagram.nodes for line in _node(node, ids[node.name])),
            *(f"    {ids[e.tail]} {_arrow(e)} {ids[e.head]}" for e in diagram.edges),
            *(
                f"    linkStyle {index} stroke:{_color(edge.color)}"
                for index, edge in enumerate(diagram.edges)
            ),
        )
    )


def _node(node: DiagramNode, identifier: str) -> Iterator[str]:
    left, right = ("[[", "]]") if node.end else ("(", ")") if node.human else ("[", "]")
    yield f'{identifier}{left}"{_text(node.label)}"{right}'
    yield f"style {identifier} {','.join(_styles(node))}"
    if node.href is not None:
        yield f'click {identifier} href "{node.href}"'


def _styles(node: DiagramNode) -> Iterator[str]:
    color = _color(node.color)
    yield f"fill:#fff,stroke:{color},color:{color}"
    if node.open:
        yield "stroke-width:3px"
    if node.kind is not Kind.NODE:
        yield "stroke-dasharray:5 5"


def _arrow(edge: DiagramEdge) -> str:
    return "-.->" if edge.dashed or edge.dotted else "-->"


def _color(color: str | None) -> str:
    """Leave out what is no plain color: commas and semicolons mean something here."""
    return color if color is not None and _COLOR.fullmatch(color) else BLACK


def _text(label: str) -> str:
    """Write all but letters, digits and harmless marks by their numbers; empty is not allowed."""
    return _SPECIAL.sub(lambda match: f"#{ord(match[0])};", label) or "#160;"
