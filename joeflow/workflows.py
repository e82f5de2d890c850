"""The workflow: a model whose attributes are its tasks, and whose edges say what follows what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models, router, transaction
from django.db.models import Q
from django.db.models.base import ModelBase
from django.urls import URLPattern, path
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from joeflow.binding import build_graph
from joeflow.content_types import tasks_of
from joeflow.diagrams import dot, mermaid
from joeflow.diagrams.description import Diagram, describe, describe_instance
from joeflow.fields import InstantOfInstance
from joeflow.graph import Graph
from joeflow.instances import InstanceVerbs, WorkflowQuerySet
from joeflow.keys import KEY_PATH
from joeflow.locks import lock_instance
from joeflow.reversing import reverse_in
from joeflow.tracking import get_changes, is_tracked, save_options
from joeflow.typing import Edges, Node

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

__all__ = (
    "Workflow",
    "WorkflowQuerySet",
    "get_workflow",
    "get_workflows",
    "workflow_state_subclasses",
)


#: Pages to step in: with which view they go, their names (which no node can have), and where.
_STEPPING_IN = (
    ("override", "instance-pause", "pause", "PauseView"),
    ("override", "instance-resume", "resume", "ResumeView"),
    ("detail", "task-undo", "undo/<joeflow_key:task_pk>", "UndoView"),
)


class WorkflowBase(ModelBase):
    """Binds the nodes of a workflow class and builds its graph, once."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any
    ) -> Any:
        """Make the class.

        Raises:
            InvalidDefinition: An end of an edge is no attribute of the class, or has two names.
        """
        cls: Any = super().__new__(mcs, name, bases, attrs, **kwargs)
        if isinstance(attrs.get("edges"), Iterator):
            cls.edges = tuple(cls.edges)  # a child class reads them again
        graph, copies = build_graph(cls)
        for node_name, node in copies.items():
            setattr(cls, node_name, node)
        cls._graph = graph
        return cls


class Workflow(InstanceVerbs, models.Model, metaclass=WorkflowBase):
    """One running process: its state is the model's fields, its behavior the tasks and edges.

    Subclass it with the fields of the state; add the tasks as attributes, and the ``edges``.
    """

    id = models.BigAutoField(primary_key=True, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)
    modified = models.DateTimeField(_("modified"), auto_now=True, db_index=True)
    # With an underscore, so that no field or task of somebody's workflow can have its name.
    _ended = InstantOfInstance(_("ended"), blank=True, null=True, editable=False, db_column="ended")
    _paused = InstantOfInstance(
        _("paused"), blank=True, null=True, editable=False, db_column="paused"
    )

    task_set = GenericRelation(
        "joeflow.Task", object_id_field="_workflow_id", for_concrete_model=False
    )

    objects = WorkflowQuerySet.as_manager()

    edges: ClassVar[Edges] = ()
    """Pairs of nodes: what comes after what."""

    rankdir: ClassVar[str] = "LR"
    """Direction in which the graph is drawn: LR, TB, RL or BT."""

    detail_view: ClassVar[Any] = "joeflow.views.WorkflowDetailView"
    """View of one instance: a class, its dotted path, or None for no such page."""

    override_view: ClassVar[Any] = "joeflow.views.OverrideView"
    """View to step in by hand: a class, its dotted path, or None for no such page."""

    _graph: ClassVar[Graph]

    class Meta:
        verbose_name = _("workflow")
        verbose_name_plural = _("workflows")
        permissions = [("override", _("Can override a workflow."))]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    def save(self, **options: Any) -> None:
        """Save the state; ``modified`` is always saved with it."""
        if options.get("update_fields") is None and is_tracked(self):
            options["update_fields"] = get_changes(self)
        super().save(**save_options(options))

    def get_absolute_url(self) -> str | None:
        """Return the URL of the detail view; None where the class has none."""
        return self._reverse_view("detail")

    def delete(self, using: str | None = None, keep_parents: bool = False) -> Any:
        """Delete the instance and its tasks; waits for a task that is running.

        Raises:
            InstanceLocked: It ran for longer than ``JOEFLOW_LOCK_TIMEOUT``; nothing is deleted.
        """
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            lock_instance(self.pk, using, wait=True)
            return super().delete(using=using, keep_parents=keep_parents)

    def get_override_url(self) -> str | None:
        """Return the URL of the override view; None where the class has none."""
        return self._reverse_view("override")

    def _reverse_view(self, name: str) -> str | None:
        if getattr(self, f"{name}_view") is None:
            return None
        return reverse_in(self.get_url_namespace(), name, pk=self.pk)

    # The definition.

    @classmethod
    def get_nodes(cls) -> Iterable[tuple[str, Node]]:
        """Return names and nodes, in the order of the class body."""
        return tuple(cls._graph.nodes.items())

    @classmethod
    def get_node(cls, name: str) -> Node:
        """Return the node of that name.

        Raises:
            NodeNotFound: The class has no such node.
        """
        return cls._graph.get_node(name)

    @classmethod
    def get_next_nodes(cls, prev_node: Node) -> Iterator[Node]:
        """Return the nodes that an edge leads to from a node."""
        return (cls._graph.nodes[name] for name in cls._graph.successors(prev_node.name))

    # URLs.

    @classmethod
    def urls(cls) -> tuple[list[URLPattern], str]:
        """Return the URLs of the human tasks, the detail view and the override view.

        Example::

            urlpatterns = [
                path("shipping/", include(ShippingWorkflow.urls())),
            ]

        Returns:
            The URL patterns, and the namespace for them.
        """
        urls = [
            node.get_url_pattern(cls)
            for node in cls._graph.nodes.values()
            if hasattr(node, "get_url_pattern")
        ]
        urls += [
            node.get_signed_url_pattern(cls)
            for node in cls._graph.nodes.values()
            if hasattr(node, "get_signed_url_pattern") and not (node.is_start or node.path)
        ]
        for name, route in (("detail", ""), ("override", "override")):
            view = cls._get_view(name)
            if view is not None:
                urls.append(path(KEY_PATH + route, view.as_view(model=cls), name=name))
                if hasattr(view, "get_further_url_patterns"):
                    urls += view.get_further_url_patterns(cls)
            if hasattr(view, "is_history"):
                options = {"is_history": True, "http_method_names": ["get", "head", "options"]}
                history = view.as_view(model=cls, **options)
                urls.append(path(f"{KEY_PATH}history", history, name="detail-history"))
        for needed, name, route, view in _STEPPING_IN:
            if getattr(cls, f"{needed}_view") is not None:
                view = import_string(f"joeflow.views.{view}").as_view(model=cls)
                urls.append(path(KEY_PATH + route, view, name=name))
        return urls, cls.get_url_namespace()

    @classmethod
    def _get_view(cls, name: str) -> Any:
        view = getattr(cls, f"{name}_view")
        return import_string(view) if isinstance(view, str) else view

    @classmethod
    def get_url_namespace(cls) -> str:
        """Return the namespace of the URLs: the name of the class in lower case."""
        return cls.__name__.lower()

    # Diagrams.

    @classmethod
    def get_graph(cls, color: str = "black") -> dot.NoDashDiGraph:
        """Return the graph of the class, for the ``graphviz`` package.

        Args:
            color: Color of lines and text, as Graphviz names it.
        """
        return dot.to_graph(cls._describe(color))

    @classmethod
    def get_graph_svg(cls) -> SafeString:
        """Return the graph of the class as SVG, ready for a template.

        Raises:
            RendererMissing: There is no program to draw with.
        """
        return dot.render_svg(cls.get_graph(), key=cls._meta.label_lower)

    get_graph_svg.__func__.short_description = _("graph")  # type: ignore[attr-defined]

    @classmethod
    def get_graph_mermaid(cls) -> str:
        """Return the graph of the class as Mermaid text."""
        return mermaid.to_mermaid(cls._describe("black"))

    @classmethod
    def _describe(cls, color: str) -> Diagram:
        return describe(cls._graph, rankdir=cls.rankdir, color=color)

    def get_instance_graph(self) -> dot.NoDashDiGraph:
        """Return the graph with what has happened so far, for the ``graphviz`` package."""
        return dot.to_graph(self._describe_instance())

    def get_instance_graph_svg(self, output_format: str = "svg") -> SafeString | bytes:
        """Return the graph with what has happened so far.

        Args:
            output_format: ``"svg"``, ``"png"`` or ``"pdf"``.

        Returns:
            SVG ready for a template, or the bytes of the picture.

        Raises:
            RendererMissing: There is no program to draw this format with.
        """
        graph = self.get_instance_graph()
        if output_format == "svg":
            return dot.render_svg(graph, key=f"{self._meta.label_lower}-{self.pk}")
        return dot.render(graph, output_format)

    get_instance_graph_svg.short_description = _("instance graph")  # type: ignore[attr-defined]

    def get_instance_graph_mermaid(self) -> str:
        """Return the graph with what has happened so far, as Mermaid text."""
        return mermaid.to_mermaid(self._describe_instance())

    def _describe_instance(self) -> Diagram:
        tasks = tasks_of(self)
        return describe_instance(
            self._graph, self.rankdir, rows=tasks.diagram_rows(), links=tasks.diagram_links()
        )


def get_workflows() -> Iterator[type[Workflow]]:
    """Return all workflow classes that have tasks, proxies included."""
    apps.check_models_ready()
    for model in apps.get_models():
        if issubclass(model, Workflow) and model._graph:
            yield model


def get_workflow(name: str) -> type[Workflow] | None:
    """Return the workflow class with a name like ``"app_label.WorkflowName"``, in any case."""
    for workflow in get_workflows():
        if workflow._meta.label_lower == name.lower():
            return workflow
    return None


def workflow_state_subclasses() -> Q:
    """Return the condition for content types of workflow classes."""
    apps.check_models_ready()
    query = Q()
    for workflow in get_workflows():
        query |= Q(app_label=workflow._meta.app_label, model=workflow._meta.model_name)
    return query
