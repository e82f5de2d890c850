"""Programs that draw: which one is called, and what comes of it."""

import re
import sys
import sysconfig
from xml.etree import ElementTree as ET

import pytest
from django.utils.safestring import SafeString

from joeflow.diagrams.description import describe, describe_instance
from joeflow.exceptions import RendererMissing
from tests.rules import extra
from tests.unit.diagrams.drawing import HUMAN, WELCOME, closed, make_graph, opened

extra("graphviz")

from joeflow.diagrams import dot  # noqa: E402

NOTHING_FOUND = (
    "No program was found that can draw a diagram as {}. Install Graphviz with your system's "
    'package manager, like: apt install graphviz. Or run: pip install "joeflow[graphviz-pure]".'
)
NO_PDF = (
    "No program was found that can draw a diagram as pdf. Install Graphviz with your system's "
    "package manager, like: apt install graphviz. "
    'What pip install "joeflow[graphviz-pure]" brings can draw svg and png, but not pdf.'
)


@pytest.fixture(autouse=True)
def nothing_is_drawn():
    """Forget what other tests have drawn."""
    dot._draw_svg.cache_clear()


@pytest.fixture
def graph():
    return dot.to_graph(describe(WELCOME, "LR"))


@pytest.fixture
def bin_dir(tmp_path, monkeypatch):
    """Give the only directory in which programs are found; it is empty."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / name))
    return directory


def install(path, code):
    """Make a program of this Python code."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{sys.executable}\nimport sys\n{code}\n")
    path.chmod(0o755)


ECHO = "print({name!r}, *sys.argv[1:]); print(sys.stdin.read())"


def test_dot_is_called_with_the_text_of_the_graph(bin_dir, graph):
    install(bin_dir / "dot", ECHO.format(name="dot"))

    drawn = dot.render(graph, "png").decode()

    assert drawn == f"dot -Tpng\n{graph.source}\n"


def test_dot_is_preferred(bin_dir, graph):
    install(bin_dir / "dot", ECHO.format(name="dot"))
    install(bin_dir / "graphviz-pure", ECHO.format(name="pure"))

    assert dot.render(graph).startswith(b"dot -Tsvg\n")


def test_without_dot_graphviz_pure_draws(bin_dir, graph):
    install(bin_dir / "graphviz-pure", ECHO.format(name="pure"))

    assert dot.render(graph).startswith(b"pure -Tsvg\n")


def test_graphviz_pure_is_found_beside_python(bin_dir, tmp_path, graph):
    install(tmp_path / "scripts" / "graphviz-pure", ECHO.format(name="pure"))

    assert dot.render(graph).startswith(b"pure -Tsvg\n")


def test_graphviz_pure_is_told_font_and_margin(bin_dir, graph):
    install(bin_dir / "graphviz-pure", ECHO.format(name="pure"))
    before = graph.source

    lines = dot.render(graph).decode().splitlines()

    added = '\tnode [fontname=Helvetica margin="0.2,0.055"]'
    assert [line for line in lines[1:] if line != added] == [*before.splitlines(), ""]
    assert lines.index(added) < lines.index(
        '\t"has user" [color=black fontcolor=black style=filled]'
    )
    assert graph.source == before


def test_where_dot_fails_graphviz_pure_draws(bin_dir, graph):
    install(bin_dir / "dot", "sys.exit(1)")
    install(bin_dir / "graphviz-pure", ECHO.format(name="pure"))

    assert dot.render(graph).startswith(b"pure")


def test_where_all_fail_the_reason_is_told(bin_dir, graph):
    install(bin_dir / "dot", "sys.exit('Format: \"svg\" not recognized.')")

    with pytest.raises(RendererMissing) as caught:
        dot.render(graph)

    assert str(caught.value) == (
        f"{NOTHING_FOUND.format('svg')} {str(bin_dir / 'dot')!r} failed: "
        'Format: "svg" not recognized.'
    )


def test_a_program_that_says_nothing_is_told_by_its_exit_code(bin_dir, graph):
    install(bin_dir / "dot", "sys.exit(3)")

    with pytest.raises(RendererMissing, match=r"returned non-zero exit status 3\.$"):
        dot.render(graph)


def test_a_program_that_cannot_be_started_is_passed_over(bin_dir, graph):
    (bin_dir / "dot").write_text("#!/does/not/exist\n")
    (bin_dir / "dot").chmod(0o755)

    with pytest.raises(RendererMissing, match="No such file or directory"):
        dot.render(graph)


def test_a_program_that_never_answers_is_ended(bin_dir, graph, monkeypatch):
    monkeypatch.setattr(dot, "TIME_LIMIT", 0.2)
    install(bin_dir / "dot", "import threading; threading.Event().wait()")

    with pytest.raises(RendererMissing, match=r"timed out after 0\.2 seconds$"):
        dot.render(graph)


@pytest.mark.parametrize("output_format", ["svg", "png"])
def test_without_program_both_ways_to_get_one_are_told(bin_dir, graph, output_format):
    with pytest.raises(RendererMissing) as caught:
        dot.render(graph, output_format)

    assert str(caught.value) == NOTHING_FOUND.format(output_format)


def test_a_pdf_needs_graphviz_itself(bin_dir, graph):
    install(bin_dir / "graphviz-pure", ECHO.format(name="pure"))

    with pytest.raises(RendererMissing) as caught:
        dot.render(graph, "pdf")

    assert str(caught.value) == NO_PDF


@pytest.mark.parametrize("output_format", ["gif", "SVG", "", "png:cairo"])
def test_other_formats_are_refused(bin_dir, graph, output_format):
    install(bin_dir / "dot", ECHO.format(name="dot"))

    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is asserted below
        dot.render(graph, output_format)

    assert str(caught.value) == (
        f"A diagram cannot be drawn as {output_format!r}; allowed are: 'svg', 'pdf', 'png'."
    )


@pytest.fixture(
    params=[
        pytest.param("dot", marks=pytest.mark.service("dot")),
        pytest.param("graphviz-pure", marks=pytest.mark.extra("graphviz-pure")),
    ]
)
def renderer(request, monkeypatch):
    """Draw with this program."""
    if request.param == "graphviz-pure":
        monkeypatch.setenv("PATH", "")
    return request.param


NAMES = [
    "<b>bold</b>",
    "<script>alert(1)</script>",
    "</text></svg><script>alert(1)</script>",
    '"quoted"',
    r"\N \G \n \\ \"",
    "ends with \\",
    "&lt;b&gt; &amp; &#60; &",
    "a:b:c",
    "]]>",
    "straße 审批",
    "node",
]


class TestRealPrograms:
    def test_an_instance_becomes_an_element_for_a_page(self, renderer):
        rows = [opened(1, "start", HUMAN, href="/welcome/start/1/?a=1&b=2")]

        svg = dot.render_svg(dot.to_graph(describe_instance(WELCOME, "LR", rows, [])), "welcome-1")

        assert isinstance(svg, SafeString)
        assert svg.startswith("<svg ")
        assert svg.endswith("</svg>")
        assert 'xlink:href="/welcome/start/1/?a=1&amp;b=2"' in svg
        assert not re.search(r"\sstyle=|<!|<\?", svg)

    @pytest.mark.parametrize("name", NAMES)
    def test_names_are_shown_as_they_are(self, renderer, name):
        rows = [closed(1, "start", HUMAN), opened(2, name, HUMAN)]

        svg = dot.render_svg(dot.to_graph(describe_instance(WELCOME, "LR", rows, [(1, 2)])))

        texts = [
            element.text for element in ET.fromstring(svg).iter() if element.tag[-4:] == "text"
        ]
        assert sorted(" ".join(text.split()) for text in texts) == sorted(
            ["start", "has user", "send mail", "end", name]
        )

    @pytest.mark.parametrize("name", NAMES)
    def test_names_cannot_become_markup(self, renderer, name):
        rows = [closed(1, "start", HUMAN), opened(2, name, HUMAN)]

        svg = dot.render_svg(dot.to_graph(describe_instance(WELCOME, "LR", rows, [(1, 2)])))

        tags = {element.tag.split("}")[1] for element in ET.fromstring(svg).iter()}
        assert tags == {"svg", "g", "title", "polygon", "path", "text"}

    def test_ids_of_two_graphs_differ(self, renderer):
        other = make_graph([("start", "end")], start=HUMAN, end=HUMAN)

        one, two = (dot.render_svg(dot.to_graph(describe(g, "LR"))) for g in (WELCOME, other))

        ids = re.findall(r'\bid="([^"]+)"', one + two)
        assert len(ids) == len(set(ids)) > 10

    def test_drawing_twice_gives_the_same(self, renderer):
        graph = dot.to_graph(describe(WELCOME, "LR"))

        assert dot.render_svg(graph, "a") == dot.render_svg(graph, "a")

    def test_a_picture_is_drawn(self, renderer):
        assert dot.render(dot.to_graph(describe(WELCOME, "LR")), "png").startswith(b"\x89PNG")


def test_what_has_not_changed_is_drawn_once(bin_dir, tmp_path, graph):
    calls = tmp_path / "calls"
    draw = f"open({str(calls)!r}, 'a').write('drawn '); print('<svg/>')"
    install(bin_dir / "dot", draw)

    same = [dot.render_svg(graph), dot.render_svg(graph)]
    assert calls.read_text() == "drawn "
    assert same == ["<svg/>"] * 2
    assert all(isinstance(svg, SafeString) for svg in same)

    graph.node("new")
    dot.render_svg(graph)
    dot.render_svg(graph, "another page")
    assert calls.read_text() == "drawn " * 3


def test_what_could_not_be_drawn_is_tried_again(bin_dir, graph):
    with pytest.raises(RendererMissing):
        dot.render_svg(graph)
    install(bin_dir / "dot", "print('<svg/>')")

    assert dot.render_svg(graph) == "<svg/>"


@pytest.mark.service("dot")
def test_dot_draws_pdf():
    assert dot.render(dot.to_graph(describe(WELCOME, "LR")), "pdf").startswith(b"%PDF")


def test_a_program_that_draws_something_else_is_missing(monkeypatch, graph):
    monkeypatch.setattr(dot, "_run", lambda *args: b"no picture")

    with pytest.raises(RendererMissing, match="The renderer drew no SVG"):
        dot.render_svg(graph)
