"""The fields of forms as JSON Schema: what a program may send."""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models

from joeflow.descriptions.fields import describe_fields

__all__ = ("body_schema",)

Schema = dict[str, Any]

#: A form takes no text with a character of code 0, and strips what it must not find empty.
_TEXT = r"^[^\x00]*$"
_NOT_BLANK = r"^[^\x00]*[^\s\x00][^\x00]*$"
_INTEGER = r"^-?[0-9]{1,9}$"
_NUMBER = r"^-?[0-9]{1,9}(\.[0-9]{1,9})?$"
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$"
_DURATION = r"^P([0-9]{1,6}D)?(T([0-9]{1,4}H)?([0-9]{1,4}M)?([0-9]{1,4}S)?)?$"


def body_schema(form_class: Any, kept: Collection[str]) -> Schema:
    """Return the schema of the object that is sent in the place of a form.

    Args:
        form_class: The class of the form; None where only the view knows it.
        kept: Names of fields that may have a value already, which stays if they are left out.
    """
    if form_class is None:
        return {"type": "object"}
    properties, required = {}, []
    for field, described in describe_fields(form_class):
        if described["type"] == "file":
            continue
        name = described["name"]
        properties[name] = _schema(field, described)
        has_value = name in kept or field.initial not in {None, ""} or field.disabled
        if described["required"] and not has_value:
            required.append(name)
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    return schema | ({"required": required} if required else {})


def _schema(field: forms.Field, described: Schema) -> Schema:
    value = _WRITERS[described["type"]](field, described)
    if not described["required"] and described["type"] not in _HAVE_EMPTY:
        value = {"anyOf": [value, {"enum": [None, ""]}]}
    schema = {"title": described["label"], **value}
    if described["help_text"]:
        schema["description"] = described["help_text"]
    return schema | ({"readOnly": True} if described["read_only"] else {})


def _limits(described: Schema, **names: str) -> Schema:
    limits = {word: described.get(name) for word, name in names.items()}
    return {
        word: float(limit) if isinstance(limit, Decimal) else limit
        for word, limit in limits.items()
        if isinstance(limit, (int, float, Decimal))
    }


def _string(field: Any, described: Schema) -> Schema:
    # A number is taken, too, as its digits.
    types = ["string", "number"] if described["required"] else ["string", "number", "null"]
    strips = getattr(field, "strip", False)
    return {
        "type": types,
        "pattern": _NOT_BLANK if described["required"] and strips else _TEXT,
        **({"minLength": 1} if described["required"] else {}),
        **_limits(described, minLength="min_length", maxLength="max_length"),
    }


def _formatted(**words: Any) -> Callable[[forms.Field, Schema], Schema]:
    def write(_field: forms.Field, described: Schema) -> Schema:
        limits = _limits(described, minLength="min_length", maxLength="max_length")
        return {"type": "string", **words, **limits}

    return write


def _number(kind: str, pattern: str) -> Callable[[forms.Field, Schema], Schema]:
    def write(_field: forms.Field, described: Schema) -> Schema:
        limits = _limits(described, minimum="min", maximum="max")
        return {"type": [kind, "string"], "pattern": pattern, **limits}

    return write


def _decimal(_field: forms.Field, described: Schema) -> Schema:
    places, digits = described.get("decimal_places"), described.get("max_digits")
    whole = min(15, digits - (places or 0)) if digits is not None else 15
    least = described.get("min")
    sign = "" if least is not None and least >= 0 else "-?"
    # Text keeps all digits; where nothing below some value is taken, nothing is not, either.
    nothing = r"(?!0*(\.0*)?$)" if least is not None and least > 0 else ""
    fraction = rf"(\.[0-9]{{1,{places}}})?" if places else ""
    most = 10**whole - 1
    schema = {
        "type": ["string", "number"],
        "pattern": rf"^{nothing}{sign}[0-9]{{1,{whole}}}{fraction}$",
        "minimum": -most,
        "maximum": most,
        **_limits(described, minimum="min", maximum="max"),
    }
    return schema | ({"multipleOf": float(Decimal(1).scaleb(-places))} if places else {})


def _boolean(_field: forms.Field, described: Schema) -> Schema:
    return {"type": "boolean"} | ({"const": True} if described["required"] else {})


def _one_of(field: Any, described: Schema) -> Schema:
    if "choices" in described and not described["choices_left_out"]:
        return {"enum": [choice["value"] for choice in described["choices"]]}
    return _key(field)


def _key(field: Any) -> Schema:
    """Return the schema of the key of a row, which nobody can list for good."""
    queryset = getattr(field, "queryset", None)
    if queryset is None:
        return {"type": ["string", "number"]}
    opts = queryset.model._meta
    key = opts.get_field(field.to_field_name) if field.to_field_name else opts.pk
    while key.remote_field:
        key = key.target_field
    if isinstance(key, models.UUIDField):
        return {"type": "string", "format": "uuid"}
    return {"type": ["integer", "string"] if isinstance(key, models.IntegerField) else "string"}


def _several(field: Any, described: Schema) -> Schema:
    schema = {"type": "array", "items": _one_of(field, described)}
    return schema | ({"minItems": 1} if described["required"] else {"type": ["array", "null"]})


def _parts(field: Any, described: Schema) -> Schema:
    count = len(field.widget.widgets)
    items = {"type": ["string", "number", "null"]}
    types = "array" if described["required"] else ["array", "null"]
    return {"type": types, "items": items, "minItems": count, "maxItems": count}


#: What is empty is already among what these take.
_HAVE_EMPTY = {"string", "boolean", "null-boolean", "choices", "parts", "json"}

_WRITERS: dict[str, Callable[[Any, Schema], Schema]] = {
    "string": _string,
    "email": _formatted(format="email"),
    "url": _formatted(format="uri"),
    "slug": _formatted(pattern="^[-a-zA-Z0-9_]+$"),
    "uuid": _formatted(format="uuid"),
    "ip": _formatted(anyOf=[{"format": "ipv4"}, {"format": "ipv6"}]),
    "json": lambda _field, _described: {},
    "integer": _number("integer", _INTEGER),
    "number": _number("number", _NUMBER),
    "decimal": _decimal,
    "boolean": _boolean,
    "null-boolean": lambda _field, _described: {"type": ["boolean", "null"]},
    "date": _formatted(format="date"),
    "time": _formatted(pattern=_TIME),
    "datetime": _formatted(format="date-time"),
    "duration": _formatted(pattern=_DURATION),
    "choice": _one_of,
    "choices": _several,
    "parts": _parts,
}
