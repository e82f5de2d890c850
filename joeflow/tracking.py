"""Save what a person changed, and nothing else: other columns may have changed meanwhile."""

from __future__ import annotations

import copy
import json
from typing import Any

from django.db.models import Field, FileField, JSONField, Model
from django.db.models.fields.files import FieldFile
from django.forms.models import BaseModelForm

__all__ = (
    "get_changes",
    "is_tracked",
    "keep_many",
    "keep_values",
    "kept_changes",
    "read_text",
    "save_options",
    "track_changes",
)

_KEY = "_tracked_values"
_KEPT = "_kept_values"
_KEPT_MANY = "_kept_many"


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


# What a task has changed, for whoever takes it back.


def keep_values(task: Any, instance: Model) -> None:
    """Keep with a task what the instance's values are before somebody does it.

    Args:
        task: The task.
        instance: Its instance, whose changes are tracked. Where it is loaded a second time, what
            was there the first time counts.
    """
    vars(task).setdefault(_KEPT, instance.__dict__[_KEY])


def keep_many(task: Any, form: Any) -> None:
    """Keep with a task what its form is about to change in other tables.

    Args:
        task: The task.
        form: Its form, which is valid.
    """
    if not isinstance(form, BaseModelForm):
        return
    changed = set(form.changed_data) & set(form.cleaned_data)
    vars(task)[_KEPT_MANY] = {
        field.name: [_keys(field.value_from_object(form.instance)), _keys(form.cleaned_data[name])]
        for field in form.instance._meta.many_to_many
        if (name := field.name) in changed
    }


def _keys(rows: Any) -> list[str]:
    return sorted(str(row.pk) for row in rows)


def kept_changes(task: Any) -> dict[str, Any] | None:
    """Return what has changed in a task's instance since its values were kept with the task.

    Returns:
        By the name of each field that has changed, what it was and what it is: texts, or None, or
        keys of other rows. None where no values were kept.
    """
    before = vars(task).get(_KEPT)
    field: Any = type(task)._meta.get_field("workflow")
    instance = field.get_cached_value(task, default=None)
    if before is None or instance is None:
        return None
    instance = _without_expressions(instance)
    now = _values(instance)
    old = copy.copy(instance)
    changes: dict[str, Any] = {}
    for field in _fields(instance):
        name = field.name
        is_automatic = getattr(field, "auto_now", False) or getattr(field, "generated", False)
        if is_automatic or name not in before or now[name] == before[name]:
            continue
        is_file = isinstance(field, FileField)
        setattr(old, field.attname, before[name][0] if is_file else before[name])
        changes[name] = [_write_text(field, old), _write_text(field, instance)]
    many: dict[str, Any] = vars(task).get(_KEPT_MANY, {})
    return changes | many


def _without_expressions(instance: Model) -> Model:
    """Return an instance that was saved with what the database has made of its expressions."""
    fields = _fields(instance)
    values = {field.attname: getattr(instance, field.attname) for field in fields}
    names = [name for name, value in values.items() if hasattr(value, "resolve_expression")]
    if not names:
        return instance
    rows = type(instance)._base_manager.using(instance._state.db).filter(pk=instance.pk)
    instance = copy.copy(instance)
    vars(instance).update(rows.values(*names).get())
    return instance


def _write_text(field: Any, instance: Model) -> str | None:
    value = field.value_from_object(instance)
    if value is None:
        return None
    if isinstance(field, JSONField):
        return json.dumps(value, cls=field.encoder)
    return str(field.value_to_string(instance))


def read_text(field: Any, text: str | None) -> Any:
    """Return the value of a field that was kept as a text.

    Args:
        field: The field.
        text: What was kept.
    """
    if text is None or isinstance(field, FileField):
        return text
    return (
        json.loads(text, cls=field.decoder)
        if isinstance(field, JSONField)
        else field.to_python(text)
    )


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
