"""Find the workflow class of a task by its content type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import router
from django.db.models import Exists, OuterRef, QuerySet

from joeflow.graph import Graph

__all__ = (
    "content_type_of",
    "graph_of",
    "is_of_another_class",
    "of_own_class",
    "tasks_of",
    "workflow_class",
)


def workflow_class(content_type_id: int | None, using: str | None = None) -> Any:
    """Return the workflow class of a content type; None where the code has none any more.

    Args:
        content_type_id: Key of the content type.
        using: Alias of the database that holds it: each has keys of its own.
    """
    if content_type_id is None:
        return None
    model = ContentType.objects.db_manager(using).get_for_id(content_type_id).model_class()
    return model if hasattr(model, "_graph") else None  # it may be an ordinary model by now


def graph_of(content_type_id: int, using: str) -> Graph:
    """Return the graph of a content type's workflow class; an empty one where the code has none."""
    return getattr(workflow_class(content_type_id, using), "_graph", None) or Graph()


def content_type_of(workflow: Any, using: str | None = None) -> ContentType:
    """Return the content type of the tasks of a workflow class: a proxy has one of its own.

    Args:
        workflow: The class, or an instance of it.
        using: Alias of the database that holds it.
    """
    content_types = ContentType.objects.db_manager(using)
    return content_types.get_for_model(workflow, for_concrete_model=False)


def is_of_another_class(workflow: Any, tasks: Iterable[Any] | None = None) -> bool:
    """Tell whether an instance was loaded as one of a class that it is not of.

    The rows of a model are also those of its proxies and of its parents.

    Args:
        workflow: The instance.
        tasks: Some of its tasks; None: the newest one. An instance without any can be of each of
            these classes.
    """
    content_type = content_type_of(workflow, workflow._state.db)
    if tasks is None:
        rows = apps.get_model("joeflow", "Task")._base_manager.using(workflow._state.db)
        tasks = rows.filter(_workflow=workflow.pk).only("content_type_id").order_by("-pk")[:1]
    keys = {task.content_type_id for task in tasks}
    return bool(keys) and content_type.pk not in keys


def of_own_class(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Leave out the instances of other workflow classes that share these rows.

    Args:
        rows: Instances of a class; those without a task can be of each. A class without nodes is
            the state of others, and keeps theirs.
    """
    model: Any = rows.model
    others = {cls for cls in apps.get_models() if cls is not model and hasattr(cls, "_graph")}
    if not model._graph.nodes or not any(_share_rows(model, other) for other in others):
        return rows
    tasks = apps.get_model("joeflow", "Task")._base_manager.filter(_workflow=OuterRef("pk"))
    own = tasks.filter(content_type=content_type_of(model, rows.db).pk)
    return rows.filter(Exists(own) | ~Exists(tasks))


def _share_rows(model: Any, other: Any) -> bool:
    """Tell whether a row of a model can be one of an other class with tasks of its own."""
    concrete, another = model._meta.concrete_model, other._meta.concrete_model
    return bool(other._graph.nodes) and (concrete is another or issubclass(another, concrete))


def tasks_of(workflow: Any) -> Any:
    """Return the tasks of an instance as they are where they are written.

    Its ``task_set`` can be that of a replica, which does not know yet what an answer is about.

    Args:
        workflow: The instance.
    """
    tasks: Any = workflow.task_set
    return tasks.using(router.db_for_write(tasks.model))
