"""The graph: pure Python, without Django's models."""

import pytest

from joeflow.binding import build_graph, copy_node
from joeflow.exceptions import InvalidDefinition, NodeNotFound
from joeflow.graph import Graph, takes_task


class Node:
    """A callable object, like a reusable task."""

    def __call__(self, workflow): ...


class JoinNode(Node):
    is_join = True

    def __init__(self, *parents):
        self.parents = frozenset(parents)


def build(cls):
    return build_graph(cls)[0]


class Diamond:
    """Two branches and a join; the edges are a set."""

    start = Node()
    start.is_start = True

    def split(self): ...

    def left(self): ...

    def right(self): ...

    join = JoinNode()

    def end(self): ...

    edges = {
        (start, split),
        (split, right),
        (split, left),
        (left, join),
        (right, join),
        (join, end),
    }


class TestOrder:
    def test_nodes_come_in_the_order_of_the_class_body(self):
        graph = build(Diamond)

        assert list(graph.nodes) == ["start", "split", "left", "right", "join", "end"]

    def test_edges_of_a_set_come_in_the_order_of_their_nodes(self):
        graph = build(Diamond)

        assert graph.edges == (
            ("start", "split"),
            ("split", "left"),
            ("split", "right"),
            ("left", "join"),
            ("right", "join"),
            ("join", "end"),
        )

    def test_edges_may_come_from_a_generator(self):
        class Workflow:
            a, b = Node(), Node()
            edges = (pair for pair in [(a, b)])

        assert build(Workflow).edges == (("a", "b"),)

    def test_an_edge_that_stands_twice_counts_once(self):
        class Workflow:
            a, b = Node(), Node()
            edges = [(a, b), [a, b]]

        assert build(Workflow).edges == (("a", "b"),)

    def test_nodes_of_a_base_class_come_first(self):
        class Base:
            z = Node()

        class Child(Base):
            a = Node()
            edges = [(a, Base.z)]

        assert list(build(Child).nodes) == ["z", "a"]


class TestNodes:
    def test_nodes_know_name_type_and_class(self):
        node = build(Diamond).nodes["split"]

        assert (node.name, node.type, node.workflow_cls) == ("split", "machine", Diamond)

    def test_a_node_keeps_its_own_type(self):
        class Workflow:
            a, b = Node(), Node()
            a.type = "human"
            edges = [(a, b)]

        assert build(Workflow).nodes["a"].type == "human"

    def test_the_mapping_of_nodes_cannot_be_changed(self):
        graph = build(Diamond)

        with pytest.raises(TypeError):
            graph.nodes["other"] = Node()

    def test_a_graph_without_edges_is_false(self):
        assert not Graph()
        assert build(Diamond)

    def test_get_node_lists_the_nodes_when_there_is_none_of_that_name(self):
        with pytest.raises(NodeNotFound) as error:
            build(Diamond).get_node("middle")

        assert str(error.value) == (
            "There is no node 'middle'; the nodes are: start, split, left, right, join, end."
        )

    def test_get_node_of_an_empty_graph_says_so(self):
        with pytest.raises(NodeNotFound) as error:
            Graph().get_node("a")

        assert str(error.value) == "There is no node 'a'; the nodes are: none."


class TestNameOf:
    def test_a_bound_method_is_the_node_of_its_function(self):
        assert build(Diamond).name_of(Diamond().left) == "left"

    def test_a_function_and_an_object_are_nodes(self):
        graph = build(Diamond)

        assert (graph.name_of(Diamond.left), graph.name_of(Diamond.join)) == ("left", "join")

    def test_a_node_of_a_base_class_means_the_own_one(self):
        class Child(Diamond):
            def left(self): ...

        build(Diamond)

        assert build(Child).name_of(Diamond.left) == "left"

    @pytest.mark.parametrize("foreign", ["left", 7, print, None, Node()])
    def test_anything_else_is_refused(self, foreign):
        with pytest.raises(NodeNotFound) as error:
            build(Diamond).name_of(foreign)

        assert str(error.value) == (
            f"{foreign!r} is no node of this workflow; "
            f"the nodes are: start, split, left, right, join, end."
        )

    def test_a_node_of_the_same_name_in_another_class_is_refused(self):
        class Other:
            left, right = Node(), Node()
            edges = [(left, right)]

        build(Other)

        with pytest.raises(NodeNotFound):
            build(Diamond).name_of(Other.left)


class TestNeighbors:
    def test_successors_and_predecessors(self):
        graph = build(Diamond)

        assert graph.successors("split") == ("left", "right")
        assert graph.predecessors("join") == ("left", "right")

    def test_ends_and_unknown_names_have_none(self):
        graph = build(Diamond)

        assert graph.successors("end") == graph.predecessors("start") == ()
        assert graph.successors("gone") == graph.predecessors("gone") == ()

    def test_starts_and_what_they_reach(self):
        class Workflow(Diamond):
            lonely, friend = Node(), Node()
            edges = [*Diamond.edges, (lonely, friend)]

        graph = build(Workflow)

        assert graph.starts == ("start",)
        assert graph.reachable == {"start", "split", "left", "right", "join", "end"}


class TestJoins:
    def test_names_of_joins(self):
        assert build(Diamond).joins == {"join"}

    def test_a_join_without_names_waits_for_all_that_lead_to_it(self):
        assert build(Diamond).join_parents("join") == {"left", "right"}

    def test_a_join_with_names_waits_for_those(self):
        class Workflow:
            a, b, c, join = Node(), Node(), Node(), JoinNode("a", "b")
            edges = [(a, join), (b, join), (c, join)]

        assert build(Workflow).join_parents("join") == {"a", "b"}

    def test_what_can_become_a_parent_is_the_parent_and_all_before_it(self):
        waiting_for = build(Diamond).waiting_for("join")

        assert waiting_for == {
            "left": {"left", "split", "start"},
            "right": {"right", "split", "start"},
        }

    def test_a_path_through_the_join_itself_does_not_count(self):
        class Loop(Diamond):
            edges = [*Diamond.edges, (Diamond.end, Diamond.split)]

        waiting_for = build(Loop).waiting_for("join")

        # "end" leads to a parent; the join does, as an open task of another round.
        assert waiting_for["left"] == {"left", "split", "start", "end", "join"}

    def test_it_is_computed_once(self):
        graph = build(Diamond)

        assert graph.waiting_for("join") is graph.waiting_for("join")


class TestTakesTask:
    def test_a_parameter_named_task_asks_for_the_task(self):
        assert takes_task(lambda self, task: None)
        assert takes_task(lambda self, *, task=None: None)

    def test_other_parameters_do_not(self):
        assert not takes_task(lambda self, other=None: None)

    def test_a_node_can_say_it_itself(self):
        node = Node()
        node.with_task = True

        assert takes_task(node)

    def test_a_callable_without_a_signature_is_called_without(self):
        assert not takes_task(type)


class TestRefused:
    @pytest.mark.parametrize("name", ["detail_view", "override_view", "urls"])
    def test_a_name_that_a_workflow_needs_for_itself(self, name):
        def task(self): ...

        def end(self): ...

        order = type("Order", (), {name: task, "end": end, "edges": [(task, end)]})

        with pytest.raises(InvalidDefinition, match=f"Rename the task {name}"):
            build_graph(order)

    def test_a_name_in_the_place_of_a_task(self):
        class Order:
            def pack(self): ...

            def ship(self): ...

            edges = [("pack", ship)]

        with pytest.raises(InvalidDefinition, match="write pack without quotes"):
            build_graph(Order)

    def test_an_end_that_is_no_attribute(self):
        class Workflow:
            a = Node()
            edges = [(a, JoinNode())]

        with pytest.raises(InvalidDefinition) as error:
            build(Workflow)

        name = Workflow.__qualname__
        assert str(error.value).startswith(f"{name}.edges names <")
        assert str(error.value).endswith(
            "which is no attribute of the class. Give it a name in the class body, like: name = …."
        )

    def test_an_object_that_cannot_be_called_is_named_by_its_class(self):
        class Plain:
            pass

        class Workflow:
            a = Node()
            edges = [(a, Plain())]

        with pytest.raises(InvalidDefinition) as error:
            build(Workflow)

        assert str(error.value).endswith("like: name = Plain(…).")

    def test_a_node_under_two_names(self):
        class Workflow:
            a = b = Node()
            c = Node()
            edges = [(a, c)]

        with pytest.raises(InvalidDefinition) as error:
            build(Workflow)

        assert str(error.value) == (
            f"{Workflow.__qualname__} uses one node under the names 'a' and 'b'. "
            f"Make a node of its own for each name."
        )

    @pytest.mark.parametrize("edges", [[()], [(1, 2, 3)], [7], 7, "ab"])
    def test_edges_that_are_no_pairs(self, edges):
        workflow = type("Workflow", (), {"edges": edges})

        with pytest.raises(InvalidDefinition) as error:
            build(workflow)

        assert str(error.value) == (
            f"Workflow.edges must be an iterable of pairs (start, end), not {edges!r}."
        )

    def test_a_static_method(self):
        class Workflow:
            a = Node()

            @staticmethod
            def b(): ...

            edges = [(a, b)]

        with pytest.raises(InvalidDefinition) as error:
            build(Workflow)

        assert str(error.value) == (
            f"{Workflow.__qualname__}.b is {Workflow.__dict__['b']!r}, which cannot be a node. "
            f"Use a view like tasks.UpdateView(…), a method, or an object with a __call__ method."
        )

    def test_a_plain_value(self):
        marker = "a string that is no node"

        class Workflow:
            a = Node()
            b = marker
            edges = [(a, b)]

        with pytest.raises(InvalidDefinition, match="which cannot be a node"):
            build(Workflow)

    def test_it_is_a_type_error_and_an_error_of_joeflow(self):
        from joeflow.exceptions import JoeflowError

        assert issubclass(InvalidDefinition, TypeError)
        assert issubclass(InvalidDefinition, JoeflowError)


class TestCopies:
    def test_a_node_of_a_base_class_is_copied_and_never_changed(self):
        class Base:
            a, b = Node(), Node()
            edges = [(a, b)]

        class Child(Base):
            pass

        build(Base)
        graph, copies = build_graph(Child)

        assert set(copies) == {"a", "b"}
        assert graph.nodes["a"] is copies["a"] is not Base.a
        assert (Base.a.workflow_cls, copies["a"].workflow_cls) == (Base, Child)

    def test_a_copied_function_does_the_same(self):
        scale = 3

        def function(self, number=2, *, more: int = 1):
            """Multiply."""
            return number * more * scale

        function.note = "kept"
        twin = copy_node(function)
        twin.name = "twin"

        assert twin(None, 5, more=2) == 30
        assert twin(None) == 6
        assert (twin.note, twin.__doc__, twin.__annotations__) == (
            "kept",
            "Multiply.",
            {"more": int},
        )
        assert not hasattr(function, "name")


class TestEscalation:
    """What runs when a task of people is late."""

    class Late:
        start = Node()
        start.is_start = True
        desk = Node()
        desk.type = "human"
        desk.overdue = "escalate"

        def escalate(self): ...

        def insist(self): ...

        def end(self): ...

        edges = [(start, desk), (desk, end), (escalate, insist)]

    def test_it_is_a_node_without_an_edge_that_leads_there(self):
        graph = build(self.Late)

        assert dict(graph.escalations) == {"desk": "escalate"}
        assert graph.escalated_by("escalate") == {"desk"}
        assert graph.escalated_by("insist") == frozenset()
        assert graph.predecessors("escalate") == ()
        assert graph.successors("desk") == ("end",)

    def test_what_follows_it_is_reached(self):
        assert build(self.Late).reachable == {"start", "desk", "end", "escalate", "insist"}

    def test_it_needs_no_edge_at_all(self):
        class Alone(self.Late):
            start, desk, end = self.Late.start, self.Late.desk, self.Late.end
            edges = [(start, desk), (desk, end)]

        graph = build(Alone)

        assert list(graph.nodes) == ["start", "desk", "escalate", "end"]

    def test_a_join_waits_for_it(self):
        class Joined(self.Late):
            join = JoinNode()
            edges = [
                (self.Late.start, self.Late.desk),
                (self.Late.escalate, self.Late.insist),
                (self.Late.insist, join),
            ]

        assert build(Joined).waiting_for("join")["insist"] == {
            "insist",
            "escalate",
            "desk",
            "start",
        }

    @pytest.mark.parametrize("name", ["nothing", "edges", "start", "desk", 3, None])
    def test_what_cannot_run_then__is_left_to_the_checks(self, name):
        desk = Node()
        desk.type, desk.overdue = "human", name

        class Wrong:
            start = self.Late.start

            def end(self): ...

            edges = [(start, desk), (desk, end)]

        Wrong.desk = desk

        assert not build(Wrong).escalations

    def test_a_machine_task_may_use_the_word_for_itself(self):
        class Own:
            start = Node()
            work = Node()
            work.overdue = "end"

            def end(self): ...

            edges = [(start, work), (work, end)]

        assert not build(Own).escalations
