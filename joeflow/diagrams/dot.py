"""Write diagrams in the DOT language and draw them; the only module that knows graphviz."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError

from django.utils.safestring import SafeString

from joeflow.diagrams.description import OVERRIDE, Diagram, DiagramEdge, DiagramNode, Kind, readable
from joeflow.diagrams.svg import embed
from joeflow.exceptions import MissingExtra, RendererMissing

try:
    import graphviz
except ImportError:
    graphviz = None

if TYPE_CHECKING:
    from graphviz import Digraph
elif graphviz is not None:
    Digraph = graphviz.Digraph
else:

    class Digraph:
        """Stands in where the package is missing: it can be imported, but not used."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            raise MissingExtra(
                "Diagrams need the package graphviz, which is not installed. Run: "
                'pip install "joeflow[graphviz]" if you have the program dot of Graphviz, else: '
                'pip install "joeflow[graphviz-pure]".'
            )


__all__ = ("FORMATS", "NoDashDiGraph", "render", "render_svg", "to_graph")

#: What diagrams can be drawn as.
FORMATS = ("svg", "pdf", "png")

#: Seconds that a program may take for one diagram.
TIME_LIMIT = 60
#: So many drawings are kept, for each process.
MOST_DRAWINGS = 128

_ENTITY = re.compile(r"&(?=#?\w+;)")


def _quote(name: str) -> str:
    """Write a name so that it is shown as it is, but for underscores, which become spaces."""
    text = _ENTITY.sub("&amp;", readable(name))
    quoted: str = graphviz.quoting.quote(graphviz.escape(text))
    return quoted


class NoDashDiGraph(Digraph):  # type: ignore[misc]  # graphviz has no types
    """A `graphviz.Digraph` without duplicates, whose names are shown with spaces for underscores.

    A node is identified by its name, and an edge by its tail and head. Whoever adds one a second
    time replaces its attributes. Names are shown as they are: neither markup nor backslashes nor
    colons have a special meaning in them.

    Raises:
        MissingExtra: The package graphviz is not installed.
    """

    _quote = staticmethod(_quote)
    _quote_edge = staticmethod(_quote)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of `graphviz.Digraph`."""
        self._nodes: dict[str, str] = {}
        self._edges: dict[tuple[str, str], str] = {}
        super().__init__(*args, **kwargs)

    def __iter__(self, subgraph: bool = False) -> Iterator[str]:
        """Yield the lines of the DOT text: statements, nodes by name, edges by tail and head.

        Args:
            subgraph: Whether the text is to become part of another graph.
        """
        *lines, last = super().__iter__(subgraph=subgraph)
        yield from lines
        yield from (line for _, line in sorted(self._nodes.items()))
        yield from (line for _, line in sorted(self._edges.items()))
        yield last

    def node(
        self,
        name: str,
        label: str | None = None,
        _attributes: Mapping[str, str] | None = None,
        **attrs: str | None,
    ) -> None:
        """Add a node, or replace the one of that name."""
        attributes = self._attr_list(label, kwargs=attrs, attributes=_attributes)
        self._nodes[name] = self._node(self._quote(name), attributes)

    def edge(
        self,
        tail_name: str,
        head_name: str,
        label: str | None = None,
        _attributes: Mapping[str, str] | None = None,
        **attrs: str | None,
    ) -> None:
        """Add an edge, or replace the one between these two nodes."""
        self._edges[tail_name, head_name] = self._edge(
            tail=self._quote_edge(tail_name),
            head=self._quote_edge(head_name),
            attr=self._attr_list(label, kwargs=attrs, attributes=_attributes),
        )

    def edges(self, tail_head_iter: Iterable[tuple[str, str]]) -> None:
        """Add edges without attributes."""
        for tail, head in tail_head_iter:
            self.edge(tail, head)

    def clear(self, keep_attrs: bool = False) -> None:
        """Remove all nodes, edges and statements, and attributes unless they are to be kept."""
        super().clear(keep_attrs=keep_attrs)
        self._nodes.clear()
        self._edges.clear()

    def copy(self) -> NoDashDiGraph:
        """Return a graph of its own with the same content."""
        other: NoDashDiGraph = super().copy()
        other._nodes = dict(self._nodes)
        other._edges = dict(self._edges)
        return other


def to_graph(diagram: Diagram) -> NoDashDiGraph:
    """Write a diagram as a graph in the DOT language.

    Raises:
        MissingExtra: The package graphviz is not installed.
    """
    graph = NoDashDiGraph()
    graph.attr("graph", rankdir=diagram.rankdir)
    graph.attr("node", fontname="sans-serif", shape="rect", style="filled", fillcolor="white")
    for node in diagram.nodes:
        graph.node(node.name, **_node_attributes(node))
    kinds = {node.name: node.kind for node in diagram.nodes}
    for edge in diagram.edges:
        style = "dashed" if edge.dashed else "dotted" if edge.dotted else None
        for tail, head in _ends(edge, kinds):
            graph.edge(tail, head, color=edge.color, style=style)
    return graph


def _ends(edge: DiagramEdge, kinds: Mapping[str, Kind]) -> Iterator[tuple[str, str]]:
    yield edge.tail, edge.head
    # Between an obsolete task and an override, joeflow 2 draws a second arrow, to or from a box
    # named "override" that all of them share. Here too: nobody's diagrams are to change.
    if kinds[edge.tail] is Kind.OBSOLETE and kinds[edge.head] is Kind.OVERRIDE:
        yield edge.tail, OVERRIDE
    if kinds[edge.tail] is Kind.OVERRIDE and kinds[edge.head] is Kind.OBSOLETE:
        yield OVERRIDE, edge.head


def _node_attributes(node: DiagramNode) -> dict[str, Any]:
    return {
        "color": node.color,
        "fontcolor": node.color,
        "href": None if node.href is None else node.href.replace("&", "&amp;"),
        "peripheries": ("2" if node.end else "1") if node.visited else None,
        "style": ", ".join(("filled", *_styles(node))),
    }


def _styles(node: DiagramNode) -> Iterator[str]:
    if node.kind is Kind.OBSOLETE:
        yield "dashed"
    if node.human:
        yield "rounded"
    if node.kind is Kind.OVERRIDE:
        yield "dashed"
    if node.open:
        yield "bold"


def render(graph: Digraph, output_format: str = "svg") -> bytes:
    """Draw a graph with the program ``dot`` or, where that is missing, ``graphviz-pure``.

    Args:
        graph: What to draw; it is not changed.
        output_format: ``"svg"``, ``"pdf"`` or ``"png"``.

    Raises:
        ValueError: There is no such format.
        RendererMissing: No program is there that can draw this.
    """
    if output_format not in FORMATS:
        listed = ", ".join(repr(name) for name in FORMATS)
        raise ValueError(f"A diagram cannot be drawn as {output_format!r}; allowed are: {listed}.")
    return _draw(tuple(_attempts(graph, output_format)), output_format)


def _draw(attempts: Iterable[tuple[str, str]], output_format: str) -> bytes:
    problem = ""
    for program, source in attempts:
        try:
            return _run(program, source, output_format)
        except (OSError, subprocess.SubprocessError) as error:
            problem = f" {program!r} failed: {_reason(error)}"
    raise RendererMissing(_advice(output_format) + problem)


def _advice(output_format: str) -> str:
    pip = 'pip install "joeflow[graphviz-pure]"'
    return (
        f"No program was found that can draw a diagram as {output_format}. Install Graphviz with "
        "your system's package manager, like: apt install graphviz. "
    ) + (
        f"What {pip} brings can draw svg and png, but not pdf."
        if output_format == "pdf"
        else f"Or run: {pip}."
    )


def _attempts(graph: Digraph, output_format: str) -> Iterator[tuple[str, str]]:
    if dot := shutil.which("dot"):
        yield dot, graph.source
    # A server that is started by its full path need not have its environment's scripts on PATH.
    name = "graphviz-pure"
    pure = shutil.which(name) or shutil.which(name, path=sysconfig.get_path("scripts"))
    if pure and output_format != "pdf":
        # It measures "sans-serif" as a narrow serif face, so that labels would not fit their boxes.
        wide = graph.copy()
        wide.attr("node", fontname="Helvetica", margin="0.2,0.055")
        yield pure, wide.source


def _run(program: str, source: str, output_format: str) -> bytes:
    return subprocess.run(  # noqa: S603  # no shell, and nothing that a person typed is an argument
        [program, f"-T{output_format}"],
        input=source.encode(errors="replace"),
        capture_output=True,
        check=True,
        timeout=TIME_LIMIT,
    ).stdout


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return str(error.stderr.decode(errors="replace").strip() or error)
    return str(error)


def render_svg(graph: Digraph, key: str = "") -> SafeString:
    """Draw a graph as an SVG element for an HTML page.

    Args:
        graph: What to draw; it is not changed.
        key: What tells this graph from others on its page, e.g. model and key of an
            instance. It goes into the ids of the elements, together with the content.

    Raises:
        RendererMissing: No program is there that can draw this.
    """
    return _draw_svg(tuple(_attempts(graph, "svg")), key)


# To draw takes longer than all else on a page, and what is looked at most does not change.
@lru_cache(maxsize=MOST_DRAWINGS)
def _draw_svg(attempts: tuple[tuple[str, str], ...], key: str) -> SafeString:
    try:
        svg = embed(_draw(attempts, "svg").decode(), key)
    except ExpatError as error:  # it said nothing of a failure, and drew nothing
        raise RendererMissing(f"The renderer drew no SVG: {error}") from error
    return SafeString(svg)  # nosec  # the renderer quotes all text
