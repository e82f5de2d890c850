"""What a diagram shows."""

import pytest

from joeflow.diagrams.description import (
    DiagramEdge,
    DiagramNode,
    Kind,
    describe,
    describe_instance,
    readable,
    safe_href,
)
from tests.unit.diagrams.drawing import (
    HUMAN,
    MACHINE,
    WELCOME,
    closed,
    edges_of,
    make_graph,
    nodes_of,
    opened,
)

GREY = "#888888"


def describe_welcome(rows=(), links=()):
    return describe_instance(WELCOME, "LR", rows, links)


class TestDescribe:
    def test_nodes_come_in_the_order_of_the_graph(self):
        diagram = describe(WELCOME, "LR")

        assert [node.name for node in diagram.nodes] == ["start", "has_user", "send_mail", "end"]

    def test_edges_come_in_the_order_of_the_graph(self):
        diagram = describe(WELCOME, "LR")

        assert [(edge.tail, edge.head) for edge in diagram.edges] == list(WELCOME.edges)

    def test_everything_is_black(self):
        diagram = describe(WELCOME, "LR")

        assert {part.color for part in (*diagram.nodes, *diagram.edges)} == {"black"}

    def test_everything_takes_the_color_that_is_given(self):
        diagram = describe(WELCOME, "LR", "red")

        assert {part.color for part in (*diagram.nodes, *diagram.edges)} == {"red"}

    def test_human_nodes_are_told_from_machines(self):
        nodes = nodes_of(describe(WELCOME, "LR"))

        assert [name for name, node in nodes.items() if node.human] == ["start"]

    def test_nothing_has_been_visited(self):
        diagram = describe(WELCOME, "LR")

        assert not any(node.visited or node.open or node.end for node in diagram.nodes)

    def test_direction_is_handed_on(self):
        assert describe(WELCOME, "TB").rankdir == "TB"


class TestDescribeInstance:
    def test_what_has_not_happened_is_grey(self):
        diagram = describe_welcome()

        assert {part.color for part in (*diagram.nodes, *diagram.edges)} == {GREY}

    def test_direction_is_handed_on(self):
        assert describe_instance(WELCOME, "TB", [], []).rankdir == "TB"

    def test_a_visited_node_is_black_and_keeps_its_place(self):
        diagram = describe_welcome([opened(1, "has_user")])

        assert diagram.nodes[1] == DiagramNode(
            "has_user", human=False, color="black", visited=True, open=True
        )

    def test_nodes_around_a_visited_one_stay_grey(self):
        nodes = nodes_of(describe_welcome([opened(1, "has_user")]))

        assert {name: nodes[name].color for name in ("start", "end")} == {
            "start": GREY,
            "end": GREY,
        }

    def test_an_open_task_is_no_end(self):
        node = nodes_of(describe_welcome([opened(1, "end")]))["end"]

        assert (node.open, node.end) == (True, False)

    def test_a_closed_task_that_nothing_followed_is_an_end(self):
        node = nodes_of(describe_welcome([closed(1, "end")]))["end"]

        assert (node.open, node.end) == (False, True)

    def test_a_closed_task_that_was_followed_is_no_end(self):
        rows = [closed(1, "start", HUMAN), opened(2, "has_user")]

        node = nodes_of(describe_welcome(rows, [(1, 2)]))["start"]

        assert (node.open, node.end) == (False, False)

    def test_type_is_that_of_the_task_and_not_of_todays_node(self):
        nodes = nodes_of(describe_welcome([closed(1, "has_user", HUMAN)]))

        assert nodes["has_user"].human

    def test_an_open_form_is_linked(self):
        nodes = nodes_of(describe_welcome([opened(1, "start", HUMAN, href="/start/1/")]))

        assert nodes["start"].href == "/start/1/"

    def test_a_step_that_was_made_is_black(self):
        rows = [closed(1, "start", HUMAN), opened(2, "has_user")]

        edges = edges_of(describe_welcome(rows, [(1, 2)]))

        assert edges["start", "has_user"] == DiagramEdge("start", "has_user", "black")
        assert edges["has_user", "end"].color == GREY

    def test_a_step_without_an_edge_is_added(self):
        rows = [closed(1, "start", HUMAN), opened(2, "end")]

        diagram = describe_welcome(rows, [(1, 2)])

        assert diagram.edges[-1] == DiagramEdge("start", "end", "black")

    def test_links_to_other_tasks_are_ignored(self):
        diagram = describe_welcome([closed(1, "end")], [(1, 99), (99, 1)])

        assert {edge.color for edge in diagram.edges} == {GREY}
        assert nodes_of(diagram)["end"].end

    def test_order_of_rows_and_links_does_not_matter(self):
        rows = [closed(1, "start", HUMAN), closed(2, "old"), closed(3, "override", HUMAN)]
        links = [(1, 2), (2, 3)]

        one, other = describe_welcome(rows, links), describe_welcome(rows[::-1], links[::-1])

        assert one == other


class TestRepeatedVisits:
    def test_an_open_visit_wins_over_later_closed_ones(self):
        rows = [opened(1, "start", HUMAN, href="/1/"), closed(2, "start", HUMAN)]

        node = nodes_of(describe_welcome(rows))["start"]

        assert (node.open, node.end, node.href) == (True, False, "/1/")

    def test_an_open_visit_wins_over_earlier_closed_ones(self):
        rows = [closed(1, "start", HUMAN), opened(2, "start", HUMAN, href="/2/")]

        node = nodes_of(describe_welcome(rows))["start"]

        assert (node.open, node.href) == (True, "/2/")

    def test_the_latest_of_several_open_visits_is_linked(self):
        rows = [opened(2, "start", HUMAN, href="/2/"), opened(1, "start", HUMAN, href="/1/")]

        assert nodes_of(describe_welcome(rows))["start"].href == "/2/"

    def test_the_latest_closed_visit_says_whether_the_path_ended(self):
        rows = [closed(1, "has_user"), closed(2, "has_user"), closed(3, "end")]

        assert nodes_of(describe_welcome(rows, [(2, 3)]))["has_user"].end is False
        assert nodes_of(describe_welcome(rows, [(1, 3)]))["has_user"].end is True

    def test_a_step_of_any_visit_is_black(self):
        rows = [closed(1, "start"), closed(2, "has_user"), opened(3, "start")]

        edges = edges_of(describe_welcome(rows, [(1, 2), (2, 3)]))

        assert edges["start", "has_user"].color == "black"
        assert edges["has_user", "start"].color == "black"

    def test_boxes_and_arrows_stay_unique(self):
        rows = [closed(pk, "start" if pk % 2 else "has_user") for pk in range(1, 101)]
        links = [(pk, pk + 1) for pk in range(1, 100)]

        diagram = describe_welcome(rows, links)

        assert (len(nodes_of(diagram)), len(diagram.nodes)) == (4, 4)
        assert (len(edges_of(diagram)), len(diagram.edges)) == (5, 5)


class TestOverrides:
    rows = (closed(1, "start", HUMAN), closed(2, "override", HUMAN), opened(3, "end"))
    links = ((1, 2), (2, 3))

    def test_each_has_a_box_of_its_own(self):
        rows = [*self.rows, closed(7, "override", HUMAN)]

        nodes = nodes_of(describe_welcome(rows, self.links))

        assert {"override_2", "override_7"} < nodes.keys()
        assert "override" not in nodes

    def test_it_has_no_color_of_its_own(self):
        node = nodes_of(describe_welcome(self.rows, self.links))["override_2"]

        assert node == DiagramNode(
            "override_2", human=True, kind=Kind.OVERRIDE, color=None, visited=True
        )

    def test_its_arrows_are_dashed(self):
        edges = edges_of(describe_welcome(self.rows, self.links))

        assert edges["start", "override_2"] == DiagramEdge("start", "override_2", None, dashed=True)
        assert edges["override_2", "end"] == DiagramEdge("override_2", "end", None, dashed=True)

    def test_one_that_started_nothing_is_an_end(self):
        assert nodes_of(describe_welcome([closed(2, "override", HUMAN)]))["override_2"].end

    def test_what_was_overridden_is_no_end(self):
        assert not nodes_of(describe_welcome(self.rows, self.links))["start"].end


class TestObsoleteTasks:
    rows = (closed(1, "start", HUMAN), opened(2, "gone", HUMAN, href="/gone/"))

    def test_it_is_drawn_after_the_nodes(self):
        diagram = describe_welcome(self.rows, [(1, 2)])

        assert diagram.nodes[-1] == DiagramNode(
            "gone", human=True, kind=Kind.OBSOLETE, color="black", visited=True, open=True
        )

    def test_its_form_is_not_linked(self):
        assert nodes_of(describe_welcome(self.rows))["gone"].href is None

    def test_its_arrows_are_dashed(self):
        edges = edges_of(describe_welcome(self.rows, [(1, 2)]))

        assert edges["start", "gone"] == DiagramEdge("start", "gone", None, dashed=True)

    def test_a_closed_one_that_nothing_followed_is_an_end(self):
        assert nodes_of(describe_welcome([closed(1, "gone")]))["gone"].end


def test_label_has_spaces_for_underscores():
    assert DiagramNode("send_welcome_mail", human=False).label == "send welcome mail"


@pytest.mark.parametrize("character", ["\0", "\n", "\x1b", "\x7f", "\x9f", "\ufffe", "\uffff"])
def test_readable_replaces_what_xml_forbids(character):
    assert readable(f"a{character}b") == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("name", ["plain", "straße", "审批", "🙂", "<b>", "a\\nb"])
def test_readable_leaves_all_else(name):
    assert readable(name) == name


class TestSafeHref:
    @pytest.mark.parametrize(
        "href",
        [
            "/shipping/1/",
            "/a?b=1&c=2#d",
            "?page=2",
            "#top",
            "./a",
            "https://example.com/a",
            "http://example.com",
            "/%C3%A4/",
        ],
    )
    def test_paths_and_web_addresses_stay(self, href):
        assert safe_href(href) == href

    @pytest.mark.parametrize(
        "href",
        [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            " javascript:alert(1)",
            "java\tscript:alert(1)",
            "\x01javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "",
            None,
        ],
    )
    def test_all_else_is_no_link(self, href):
        assert safe_href(href) is None

    def test_special_characters_are_quoted(self):
        assert safe_href("/a\"b'c<d>e\\f g\nh`i") == "/a%22b%27c%3Cd%3Ee%5Cf%20g%0Ah%60i"

    def test_quoting_twice_changes_nothing(self):
        once = safe_href('/ä "x"/')

        assert safe_href(once) == once


def test_a_graph_without_edges_is_described():
    diagram = describe(make_graph([], lonely=MACHINE), "LR")

    assert (len(diagram.nodes), diagram.edges) == (1, ())
