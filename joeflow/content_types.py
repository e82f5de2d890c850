"""Find the workflow class of a task by its content type."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType

from joeflow.graph import Graph

__all__ = ("graph_of", "workflow_class")


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
