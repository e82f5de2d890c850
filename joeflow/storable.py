"""Refuse in a form what no database can take: fields of Django let some of it through."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from django import forms
from django.core.exceptions import BadRequest, ValidationError
from django.db import connections
from django.forms.fields import InvalidJSONInput
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

__all__ = ("refuse_unstorable",)

#: So deep may lists and objects of a JSON value lie in each other. What copies, compares and writes
#: them calls itself for each level, and Python ends that somewhere between 300 and 1,000.
DEEPEST: Final = 100
#: MariaDB takes no more.
DEEPEST_ON_MARIADB: Final = 31

_REFUSED = _("This value cannot be stored.")


def refuse_unstorable(form: forms.BaseForm) -> None:
    """Let each field of a form say so where its value cannot be stored.

    Else the database, or what writes to it, would raise an error for which the person who sent the
    value gets no answer.

    Args:
        form: A form that is not validated so far.

    Raises:
        BadRequest: What was sent is no text; it could not even be shown again.
    """
    if form.is_bound:
        _refuse_broken_text(form.data)
    for field in form.fields.values():
        guarded: Any = field
        if isinstance(field.clean, partial):
            continue  # by a form that this one is made of
        guarded.clean = partial(_refuse, field, field.clean)
        guarded.to_python = partial(_refuse, field, field.to_python)
        if isinstance(field, forms.JSONField):
            guarded.bound_data = partial(_show_again, field, field.bound_data)


def deepest() -> int:
    """Return how deep a JSON value may be in the databases of this project."""
    vendors = {connections[alias].vendor for alias in connections}
    return DEEPEST_ON_MARIADB if "mysql" in vendors else DEEPEST


def _refuse_broken_text(data: Any) -> None:
    # Some of Python's charsets, which a request may name, make halves of characters.
    values = data.lists() if isinstance(data, MultiValueDict) else data.items()
    try:
        for pair in values:
            json.dumps(pair, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise BadRequest("The text of the form is broken.") from error


def _refuse(field: forms.Field, read: Callable[..., Any], *args: Any) -> Any:
    """Read a value, or say that it cannot be stored."""
    try:
        value = read(*args)
        if not field.disabled:  # else it is what is stored already
            _check(field, value)
    except (OverflowError, RecursionError, ValueError) as error:
        raise ValidationError(_REFUSED, code="unstorable") from error
    return value


def _show_again(
    field: forms.JSONField, read: Callable[[Any, Any], Any], data: Any, initial: Any
) -> Any:
    """Return what a form shows of a JSON value that was sent: as it was sent, where it is refused.

    What can be read need not be short enough to be written again.
    """
    try:
        value = read(data, initial)
        if not field.disabled:
            _check(field, value)
    except (OverflowError, RecursionError, ValueError):
        return InvalidJSONInput(data)
    return value


def _check(field: forms.Field, value: Any) -> None:
    """Raise an error for what cannot be stored."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        for zone in (UTC, timezone.get_default_timezone()):
            value.astimezone(zone)
    if isinstance(field, forms.JSONField):
        _check_json(value, field.encoder)


def _check_json(value: Any, encoder: Any) -> None:
    limit = deepest()
    if any(level > limit for level in _levels(value)):
        raise RecursionError
    if any("\x00" in text for text in _texts(value)):
        raise ValueError  # which PostgreSQL refuses
    json.dumps(value, cls=encoder, allow_nan=False, ensure_ascii=False).encode()


def _levels(value: Any) -> Iterator[int]:
    """Yield for each list and object in a JSON value how deep it lies."""
    for found, level in _walk(value):
        if isinstance(found, (list, dict)):
            yield level


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value."""
    for found, _level in _walk(value):
        if isinstance(found, str):
            yield found


def _walk(value: Any) -> Iterator[tuple[Any, int]]:
    """Yield all that is in a JSON value, the names in objects too, and how deep it lies."""
    todo = [(value, 1)]
    while todo:
        found, level = todo.pop()
        yield found, level
        parts = [*found, *found.values()] if isinstance(found, dict) else found
        if isinstance(parts, list):
            todo.extend((part, level + 1) for part in parts)
