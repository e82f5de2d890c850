"""Workflows that each release of joeflow can draw."""

from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Form(Workflow):
    """Somebody starts, the machine works, somebody goes on."""

    text = models.TextField(blank=True)

    start_here = tasks.StartView(fields=["text"])

    def look_it_up(self):
        pass

    check = tasks.UpdateView(fields=["text"])

    def send_a_mail(self):
        pass

    edges = [(start_here, look_it_up), (look_it_up, check), (check, send_a_mail)]


class Split(Workflow):
    """Parallel branches of people and machines, drawn from top to bottom."""

    rankdir = "TB"

    start = tasks.Start()

    def split(self):
        pass

    left_1 = tasks.UpdateView(fields=[])

    def right_2(self):
        pass

    join = tasks.Join("left_1", "right_2")

    edges = [(start, split), (split, left_1), (split, right_2), (left_1, join), (right_2, join)]


class Loop(Workflow):
    """Goes back for corrections, and asks a node about itself."""

    start = tasks.StartView(fields=[])
    approve = tasks.UpdateView(fields=[])
    correct_it = tasks.UpdateView(fields=[])

    def pay(self):
        pass

    edges = [
        (start, approve),
        (approve, correct_it),
        (correct_it, approve),
        (approve, pay),
        (pay, pay),
        (approve, pay),
    ]


class Words(Workflow):
    """Names that mean something in the DOT language, or look as if they did."""

    node = tasks.StartView(fields=[])

    def graph(self):
        pass

    def digraph(self):
        pass

    def Edge(self):  # noqa: N802  # as a keyword, upper and lower case are the same
        pass

    def a__b(self):
        pass

    def n1(self):
        pass

    def straße_und_haus(self):
        pass

    edges = [
        (node, graph),
        (graph, digraph),
        (digraph, Edge),
        (Edge, a__b),
        (a__b, n1),
        (n1, straße_und_haus),
    ]
