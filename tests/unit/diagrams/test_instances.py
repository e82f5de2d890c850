"""Diagrams of real workflow classes and instances."""

from itertools import pairwise

import pytest
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.safestring import SafeString

from joeflow.exceptions import RendererMissing
from joeflow.models import Task
from tests.rules import extra
from tests.testapp.models import Chain, SplitJoin

extra("graphviz")

from joeflow.diagrams import dot  # noqa: E402


@pytest.fixture
def drawn(monkeypatch):
    """Draw nothing; return what was to be drawn, as pairs of DOT text and format."""
    calls = []

    def run(program, source, output_format):
        calls.append((source, output_format))
        return b'<svg><g id="a"/></svg>'

    dot._draw_svg.cache_clear()
    monkeypatch.setattr(dot, "_attempts", lambda graph, output_format: [("dot", graph.source)])
    monkeypatch.setattr(dot, "_run", run)
    return calls


def visit(instance, name, *parents, completed=True, task_type="machine"):
    """Add a task to an instance, as if it had happened."""
    task = instance.task_set.create(
        name=name,
        type=task_type,
        workflow=instance,
        status=Task.SUCCEEDED if completed else Task.SCHEDULED,
        completed=timezone.now() if completed else None,
    )
    task.parent_task_set.add(*parents)
    return task


class TestClass:
    def test_graph_is_black(self):
        assert "\tfirst -> second [color=black]\n" in Chain.get_graph().source

    def test_graph_takes_a_color(self):
        assert "\tfirst -> second [color=red]\n" in Chain.get_graph(color="red").source

    def test_each_call_gives_a_graph_of_its_own(self):
        Chain.get_graph().node("added")

        assert "added" not in Chain.get_graph().source

    def test_svg_shows_the_graph(self, drawn):
        svg = Chain.get_graph_svg()

        assert isinstance(svg, SafeString)
        assert drawn == [(Chain.get_graph().source, "svg")]

    def test_direction_is_that_of_the_class(self, monkeypatch):
        monkeypatch.setattr(Chain, "rankdir", "TB")

        assert "graph [rankdir=TB]" in Chain.get_graph().source
        assert Chain.get_graph_mermaid().startswith("graph TB\n")

    def test_mermaid_shows_the_graph(self):
        assert '    n1["first"]\n' in Chain.get_graph_mermaid()


@pytest.mark.django_db
class TestInstance:
    @pytest.fixture
    def chain(self):
        """Return an instance that has come to its second step."""
        chain = Chain.objects.create()
        start = visit(chain, "start")
        visit(chain, "first", start, completed=False)
        return chain

    def test_what_has_happened_is_black(self, chain):
        source = chain.get_instance_graph().source

        assert "\tstart -> first [color=black]\n" in source
        assert '\tfirst -> second [color="#888888"]\n' in source

    def test_tasks_of_other_instances_are_left_out(self, chain):
        source = Chain.objects.create().get_instance_graph().source

        assert "black" not in source

    def test_svg_shows_the_graph(self, chain, drawn):
        svg = chain.get_instance_graph_svg()

        assert isinstance(svg, SafeString)
        assert drawn == [(chain.get_instance_graph().source, "svg")]

    def test_ids_of_instances_in_the_same_state_differ(self, drawn):
        one, other = (Chain.objects.create().get_instance_graph_svg() for _ in range(2))

        assert drawn[0] == drawn[1]
        assert one != other

    @pytest.mark.parametrize("output_format", ["png", "pdf"])
    def test_pictures_are_bytes(self, chain, drawn, output_format):
        assert isinstance(chain.get_instance_graph_svg(output_format), bytes)
        assert drawn == [(chain.get_instance_graph().source, output_format)]

    def test_without_program_it_says_so(self, chain, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", "")
        monkeypatch.setattr(dot.sysconfig, "get_path", lambda name: str(tmp_path))

        with pytest.raises(RendererMissing, match=r"pip install \"joeflow\[graphviz-pure\]\"\.$"):
            chain.get_instance_graph_svg()

    def test_mermaid_shows_the_state(self, chain):
        text = chain.get_instance_graph_mermaid()

        assert "    style n1 fill:#fff,stroke:black,color:black,stroke-width:3px\n" in text

    def test_a_thousand_tasks_take_three_queries(self, django_assert_max_num_queries):
        instance = SplitJoin.objects.create()
        options = {
            "_workflow_id": instance.pk,
            "content_type": ContentType.objects.get_for_model(SplitJoin, for_concrete_model=False),
            "type": "machine",
        }
        names = ("split", "override", "robin", "gone", "join")
        tasks = Task.objects.bulk_create(
            Task(name=names[number % 5], **options) for number in range(1000)
        )
        link = Task.parent_task_set.through
        link.objects.bulk_create(
            link(from_task_id=child.pk, to_task_id=parent.pk) for parent, child in pairwise(tasks)
        )
        ContentType.objects.clear_cache()

        with django_assert_max_num_queries(3):
            source = instance.get_instance_graph().source

        assert source.count('"override ') == 600
