"""Save what a person changed, and nothing else: other columns may have changed meanwhile."""

from __future__ import annotations

import copy
from typing import Any

from django.db.models import Field, Model
from django.db.models.fields.files import FieldFile

__all__ = ("get_changes", "is_tracked", "save_options", "track_changes")

_KEY = "_tracked_values"


def track_changes(instance: Model) -> None:
    """Remember the values of an instance that was just loaded: ``save()`` writes what differs."""
    instance.__dict__[_KEY] = _values(instance)


def is_tracked(instance: Model) -> bool:
    """Tell whether somebody wants to know what changes."""
    return _KEY in instance.__dict__ and not instance._state.adding


def get_changes(instance: Model) -> list[str]:
    """Return the names of the fields that differ from what was loaded, or were found different."""
    before, now = instance.__dict__[_KEY], _values(instance)
    changed = [name for name, value in now.items() if value != before.get(name)]
    if changed:
        changed += [field.name for field in _fields(instance) if getattr(field, "auto_now", False)]
    return changed


def _fields(instance: Model) -> list[Field[Any, Any]]:
    deferred = instance.get_deferred_fields()
    fields = instance._meta.concrete_fields
    return [field for field in fields if field.attname not in deferred and not field.primary_key]


def _values(instance: Model) -> dict[str, Any]:
    return {field.name: _value(field.value_from_object(instance)) for field in _fields(instance)}


def _value(value: Any) -> Any:
    if isinstance(value, FieldFile):
        return value.name, value._committed  # type: ignore[attr-defined]  # a new file may have the old name
    return copy.deepcopy(value)  # a list or dict may be changed in place


def save_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return options for `Model.save` that save ``modified`` too, without changing the caller's."""
    fields = options.get("update_fields")
    if not fields:
        return options
    return {**options, "update_fields": {*fields, "modified"}}
