"""Values of a form's fields, as JSON says them and as the form does."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Model
from django.forms import BoundField
from django.utils import formats

__all__ = ("is_box", "is_secret", "read_value", "takes_several", "write_value")


def read_value(bound: BoundField) -> Any:
    """Return the current value of a field, as JSON says it.

    To send it back changes nothing.

    Args:
        bound: The field of a form that was not sent.
    """
    field: Any = bound.field
    if is_secret(field.widget):
        return None
    value = bound.initial
    if isinstance(field, forms.FileField):
        return str(value) if value else None
    if isinstance(field.widget, forms.MultiWidget):
        return _read_parts(field.widget, value)
    if takes_several(field):
        return [_read_one(field, item) for item in _listed(value)]
    return bool(value) if is_box(field) else _read_one(field, value)


def is_secret(widget: Any) -> bool:
    """Tell whether what is typed into a widget, or into one of its parts, is for nobody's eyes.

    Args:
        widget: The widget of a field.
    """
    # Not imported: that module asks for the project's users, which models cannot do so far.
    names = {base.__name__ for base in type(widget).__mro__}
    is_hash = "ReadOnlyPasswordHashWidget" in names
    is_password = isinstance(widget, forms.PasswordInput)
    if is_hash or is_password or not getattr(widget, "render_value", True):
        return True
    return any(is_secret(part) for part in getattr(widget, "widgets", ()))


def _read_parts(widget: forms.MultiWidget, value: Any) -> list[str | None]:
    parts: Any = value if isinstance(value, (list, tuple)) else widget.decompress(value)
    return [None if part is None else str(part) for part in parts]


def _listed(value: Any) -> Iterable[Any]:
    if value is None or isinstance(value, str):
        return () if not value else (value,)
    return value if isinstance(value, Iterable) else (value,)


def _read_one(field: forms.Field, value: Any) -> Any:
    # Only a row has to be told as its key: what else a field prepares is for people to read.
    prepares = isinstance(value, Model)
    return field.prepare_value(value) if prepares else value


def write_value(field: forms.Field, name: str, value: Any) -> dict[str, list[str]] | None:
    """Return what a browser would have sent, or None for a value of the wrong type.

    Args:
        field: The field.
        name: Its name in HTML.
        value: What somebody sent as JSON.
    """
    if isinstance(field, forms.FileField):
        return None
    if isinstance(field, forms.JSONField):
        return {name: [json.dumps(value, default=float)]}
    if isinstance(field.widget, forms.MultiWidget):
        return _write_parts(field.widget, name, value)
    if takes_several(field):
        return _write_several(name, value)
    if value is None:
        return None if is_box(field) else {}
    return {name: [_text(field, value)]} if _fits(field, value) else None


def _write_parts(widget: forms.MultiWidget, name: str, value: Any) -> dict[str, list[str]] | None:
    if value is None:
        return {}
    suffixes: list[str] = widget.widgets_names  # type: ignore[attr-defined]
    if not _is_list(value) or len(value) != len(suffixes):
        return None
    parts = zip(suffixes, value, strict=True)
    return {name + suffix: [str(part)] for suffix, part in parts if part is not None}


def _write_several(name: str, value: Any) -> dict[str, list[str]] | None:
    values = [] if value is None else value
    return {name: [str(item) for item in values]} if _is_list(values) else None


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value)


def takes_several(field: forms.Field) -> bool:
    """Tell whether a field takes a list of values."""
    several = isinstance(field, (forms.MultipleChoiceField, forms.ModelMultipleChoiceField))
    return several or getattr(field.widget, "allow_multiple_selected", False)


def is_box(field: forms.Field) -> bool:
    """Tell whether a field is one to tick: it takes nothing but true and false."""
    return isinstance(field, forms.BooleanField) and not isinstance(field, forms.NullBooleanField)


def _fits(field: forms.Field, value: Any) -> bool:
    if isinstance(value, bool):
        return not isinstance(field, (forms.CharField, forms.IntegerField))
    if isinstance(field, forms.NullBooleanField):
        return False  # it would take anything else for null
    return not isinstance(value, (dict, list)) and not is_box(field)


def _text(field: forms.Field, value: Any) -> str:
    if field.localize:  # a number in the format of the reader's country
        return str(formats.localize_input(value))
    # Without an exponent, which not every field reads.
    return format(value, "f") if isinstance(value, Decimal) else str(value)
