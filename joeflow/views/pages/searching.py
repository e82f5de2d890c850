"""What a search finds: by names, by the key of an instance, and by what is in its fields."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q
from django.forms import ALL_FIELDS

from joeflow.content_types import content_type_of
from joeflow.descriptions.values import is_secret
from joeflow.graph import words
from joeflow.keys import read_key
from joeflow.models import Workflow
from joeflow.typing import HUMAN

__all__ = ("Searched", "form_fields", "matching", "text_fields")

#: The fields that are searched, by the names of the tasks whose instances are searched so; no
#: names for all of them.
Searched = dict[tuple[str, ...], list[str]]


def text_fields(workflow: Any) -> list[str]:
    """Return the names of the fields of a workflow class that hold text."""
    return [field.name for field in _texts_of(workflow)]


def _texts_of(workflow: Any) -> list[Any]:
    return [
        field
        for field in workflow._meta.concrete_fields
        if isinstance(field, (models.CharField, models.TextField)) and not _is_of_all(field)
    ]


def _is_of_all(field: Any) -> bool:
    try:
        return bool(Workflow._meta.get_field(field.name))
    except FieldDoesNotExist:
        return False


def form_fields(workflow: Any) -> Searched:
    """Return the fields with text that the form of each task of people shows.

    Args:
        workflow: The workflow class.
    """
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, node in workflow.get_nodes():
        shown = _shown_by(node) if node.type == HUMAN else []
        fields = [field.name for field in _texts_of(workflow) if _is_in(shown, field)]
        if fields:
            found[tuple(fields)].append(name)
    return {tuple(names): list(fields) for fields, names in found.items()}


def _shown_by(node: Any) -> Any:
    form_class = getattr(node, "form_class", None)
    form_fields = getattr(form_class, "base_fields", None)
    if form_fields is None:
        return getattr(node, "fields", None) or []
    return [name for name, field in form_fields.items() if not is_secret(field.widget)]


def _is_in(shown: Any, field: Any) -> bool:
    return bool(field.editable if shown == ALL_FIELDS else field.name in shown)


def matching(term: str, fields: dict[Any, Searched], using: str) -> Q:
    """Return the condition for tasks that a person who types this is looking for.

    Args:
        term: What was typed.
        fields: The workflow classes, and what of each is searched.
        using: Alias of the database.
    """
    lower = term.lower()
    names = {name for each in fields for name, _node in each.get_nodes()}
    found = Q(name__in=[name for name in names if lower in words(name).lower()])
    key = read_key(term.removeprefix("#"))
    if key is not None:
        found |= Q(_workflow_id=key)
    for workflow, searched in fields.items():
        of_class = Q(content_type=content_type_of(workflow, using).pk)
        if lower in str(workflow._meta.verbose_name).lower():
            found |= of_class
            continue
        for tasks, columns in searched.items():
            if columns:
                of_tasks = of_class & Q(name__in=tasks) if tasks else of_class
                found |= of_tasks & _has_text(workflow, columns, term, using)
    return found


def _has_text(workflow: Any, columns: list[str], term: str, using: str) -> Q:
    conditions = [Q(**{f"{name}__icontains": term}) for name in columns]
    rows = workflow._base_manager.using(using).filter(Q(*conditions, _connector=Q.OR))
    return Q(_workflow_id__in=rows.values("pk"))
