"""Checks of the nodes and edges of each workflow class."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from django.db.models.fields.related_descriptors import ReverseOneToOneDescriptor

from joeflow.forms import OverrideForm
from joeflow.graph import is_join
from joeflow.typing import HUMAN, MACHINE, Node
from joeflow.workflows import Workflow, get_workflows

__all__ = ("check_definitions",)

#: Verbs of the instance that joeflow itself never calls, so that a task may have their names.
_MAY_BE_SHADOWED = {"cancel", "is_paused", "pause", "plan_override", "resume", "wake"}


def check_definitions(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check the definition of each workflow class.

    Args:
        app_configs: The apps to look at; None for all.
        kwargs: What Django passes besides.
    """
    labels = None if app_configs is None else {config.label for config in app_configs}
    return [
        message
        for workflow in get_workflows()
        if labels is None or workflow._meta.app_label in labels
        for message in _check_workflow(workflow)
    ]


def _check_workflow(workflow: type[Workflow]) -> Iterator[CheckMessage]:
    graph = workflow._graph
    if not graph.starts:
        yield Error(
            f"{workflow._meta.label} has no start.",
            hint="Add tasks.Start() or tasks.StartView(fields=[…]) to the edges.",
            obj=workflow,
            id="joeflow.E004",
        )
    for name, node in graph.nodes.items():
        yield from _check_name(workflow, name)
        yield from _check_kind(workflow, name, node)
        if graph.starts and name not in graph.reachable:
            yield Warning(
                f"{workflow._meta.label}.{name} is reached from no start.",
                hint=f"Add an edge that leads to {name}, or leave it out of the edges.",
                obj=workflow,
                id="joeflow.W005",
            )
    yield from _check_starts(workflow)
    yield from _check_override_form(workflow)


def _check_override_form(workflow: type[Workflow]) -> Iterator[CheckMessage]:
    fields = {field.name for field in workflow._meta.get_fields()}
    for name in sorted(fields & set(OverrideForm.declared_fields)):
        yield Error(
            f"{workflow._meta.label} has a field {name!r}, which is a name in the form to "
            f"override it.",
            hint="Rename the field: the form would write the choice of tasks into it.",
            obj=workflow,
            id="joeflow.E018",
        )


def _check_starts(workflow: type[Workflow]) -> Iterator[CheckMessage]:
    for start, end in workflow._graph.edges:
        if end in workflow._graph.starts:
            yield Error(
                f"{workflow._meta.label} has an edge from {start} back to its start {end}.",
                hint="A start makes a new instance. Lead the edge to the task after it instead.",
                obj=workflow,
                id="joeflow.E016",
            )


def _check_name(workflow: type[Workflow], name: str) -> Iterator[CheckMessage]:
    taken = _taken_by(workflow, name)
    if taken:
        yield Error(
            f"{workflow._meta.label}.{name} has a name that is taken by {taken}.",
            hint=f"Rename the task {name}.",
            obj=workflow,
            id="joeflow.E001",
        )


def _taken_by(workflow: type[Workflow], name: str) -> str | None:
    if name in _field_names(workflow):
        return f"the model field {name!r}"
    if name in {manager.name for manager in workflow._meta.managers}:
        return f"the manager {name!r}"
    if name == "override":
        return "the tasks that stand for an override"
    if name == "detail" and workflow.detail_view is not None:
        return "the URL of the detail view"
    if name not in _MAY_BE_SHADOWED and hasattr(Workflow, name) and not _is_child(name):
        return f"Workflow.{name}"
    return None


def _field_names(workflow: type[Workflow]) -> set[str]:
    names = {field.attname for field in workflow._meta.concrete_fields}
    for field in workflow._meta.get_fields():
        if field.concrete or not field.auto_created:
            names.add(field.name)
        elif not field.one_to_one:  # what points here; children of the class do by their own name
            names.add(str(field.get_accessor_name()))  # type: ignore[union-attr]
    return names


def _is_child(name: str) -> bool:
    """Tell whether the attribute of `Workflow` stands for a child class of that name."""
    return isinstance(inspect.getattr_static(Workflow, name), ReverseOneToOneDescriptor)


def _check_kind(workflow: type[Workflow], name: str, node: Node) -> Iterator[CheckMessage]:
    label = f"{workflow._meta.label}.{name}"
    if node.type == HUMAN:
        yield from node.check() if hasattr(node, "check") else ()
    elif node.type != MACHINE or not callable(node):
        yield Error(
            f"{label} is {node!r}, which is neither a view nor can it be called.",
            hint="Use a view like tasks.UpdateView(…), a method, or an object with __call__.",
            obj=workflow,
            id="joeflow.E006",
        )
    elif _is_lazy(node):
        yield Error(
            f"{label} is a generator or a coroutine function.",
            hint="A task must be a plain method, without 'yield' and without 'async'.",
            obj=workflow,
            id="joeflow.E002",
        )
    if is_join(node):
        yield from _check_join(workflow, name, node)


def _is_lazy(node: Node) -> bool:
    function = node if inspect.isroutine(node) else type(node).__call__
    return (
        inspect.isgeneratorfunction(function)
        or inspect.iscoroutinefunction(function)
        or inspect.isasyncgenfunction(function)
    )


def _check_join(workflow: type[Workflow], name: str, node: Node) -> Iterator[CheckMessage]:
    predecessors = workflow._graph.predecessors(name)
    missing = sorted(set(node.parents) - set(predecessors))
    if missing:
        listed = ", ".join(repr(parent) for parent in missing)
        yield Error(
            f"{workflow._meta.label}.{name} waits for {listed}, but has no edge from there.",
            hint=f"The edges to {name} come from: {', '.join(predecessors) or 'nowhere'}.",
            obj=workflow,
            id="joeflow.E003",
        )
