"""Workflow classes made from plans, without a table for each.

All are proxies of one class. Those that an example has made are taken out of Django's registry
again, and the next one has the same names: so their content types are the same rows, too.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow
from tests.unit.model.plan import HUMAN, JOIN, START, WAIT, Node, Plan

APP = "testapp"


class Played(Workflow):
    """The state of what is played: which tasks have run, in their order."""

    journal = models.TextField(default="")

    class Meta:
        app_label = APP


class Effect(models.Model):
    """Something that a node did in its transaction; nothing keeps it from being there twice."""

    task_pk = models.BigIntegerField()

    class Meta:
        app_label = APP


class _Watched:
    """A node of joeflow that says when it is run, and what it answers."""

    stage: Any

    def __call__(self, workflow: Any, task: Any) -> Any:
        self.stage.begin(task)
        answer = super().__call__(workflow, task)
        self.stage.answered(task, answer)
        return answer


class Join(_Watched, tasks.Join):
    """A join that is watched."""


class Wait(_Watched, tasks.Wait):
    """A wait that is watched."""


def _machine(name: str, stage: Any, layer: str) -> Any:
    def node(self, task):
        return stage.play(self, task, layer)

    node.__name__ = node.__qualname__ = name
    return node


def _make_node(node: Node, stage: Any, layer: str) -> Any:
    if node.kind == START:
        return tasks.Start()
    if node.kind == HUMAN:
        return tasks.UpdateView(fields=[], success_url="/")
    if node.kind == JOIN:
        made = Join(*node.parents)
    elif node.kind == WAIT:
        made = Wait(timedelta(seconds=node.seconds))
    else:
        return _machine(node.name, stage, layer)
    made.stage = stage
    return made


def _make_class(name: str, base: Any, own: dict[str, Any], edges: Any) -> Any:
    meta = type("Meta", (), {"proxy": True, "app_label": APP})
    options = {"__module__": __name__, "Meta": meta, "detail_view": None}
    return type(Workflow)(name, (base,), {**options, **own, "edges": edges})


def build(plan: Plan, stage: Any) -> Any:
    """Make the class of a plan, and its parent class where nodes are inherited."""
    base: Any = Played
    inherited = {n.name: _make_node(n, stage, "parent") for n in plan.nodes if n.inherited}
    if inherited:
        edges = [
            (inherited[start], inherited[end])
            for start, end in plan.edges
            if start in inherited and end in inherited
        ]
        base = _make_class("PlayedParent", Played, inherited, edges)
    own = {
        node.name: _make_node(node, stage, "child")
        for node in plan.nodes
        if not node.inherited or node.overridden
    }
    # An edge of the parent names the parent's node, and means the one that overrides it.
    find = {**own, **{name: getattr(base, name) for name in inherited}}
    return _make_class("PlayedChild", base, own, [(find[s], find[e]) for s, e in plan.edges])


@contextmanager
def workflow_class(plan: Plan, stage: Any):
    """Make the class of a plan for a block."""
    try:
        cls = build(plan, stage)
        # In a transaction of a node it might be rolled back, and stay in the cache.
        ContentType.objects.get_for_model(cls, for_concrete_model=False)
        yield cls
    finally:
        for name in ("playedchild", "playedparent"):
            apps.all_models[APP].pop(name, None)
        apps.clear_cache()
