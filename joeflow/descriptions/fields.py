"""What can be said of a form's fields to somebody who does not see the form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.core import validators
from django.forms.utils import pretty_name
from django.utils.choices import CallableChoiceIterator

from joeflow.descriptions.values import read_value, takes_several

__all__ = ("MOST_CHOICES", "TYPES", "describe_fields", "describe_form", "type_of")

#: So many choices are listed at most.
MOST_CHOICES = 200

#: The types of fields, by the classes of Django's forms: that of the nearest base counts.
TYPES: dict[type[Any], str] = {
    forms.Field: "string",
    forms.CharField: "string",
    forms.EmailField: "email",
    forms.URLField: "url",
    forms.SlugField: "slug",
    forms.UUIDField: "uuid",
    forms.GenericIPAddressField: "ip",
    forms.JSONField: "json",
    forms.IntegerField: "integer",
    forms.FloatField: "number",
    forms.DecimalField: "decimal",
    forms.BooleanField: "boolean",
    forms.NullBooleanField: "null-boolean",
    forms.DateField: "date",
    forms.TimeField: "time",
    forms.DateTimeField: "datetime",
    forms.DurationField: "duration",
    forms.ChoiceField: "choice",
    forms.ModelChoiceField: "choice",
    forms.MultipleChoiceField: "choices",
    forms.ModelMultipleChoiceField: "choices",
    forms.FileField: "file",
}


def type_of(field: forms.Field) -> str:
    """Return the type of a field, one of few words.

    Args:
        field: The field.
    """
    if isinstance(field, (forms.FileField, forms.JSONField)):
        return TYPES[forms.FileField if isinstance(field, forms.FileField) else forms.JSONField]
    if isinstance(field.widget, forms.MultiWidget):
        return "parts"
    if takes_several(field):
        return "choices"
    return next(TYPES[base] for base in type(field).__mro__ if base in TYPES)


def describe_form(form: forms.BaseForm) -> list[dict[str, Any]]:
    """Return what a program has to know to fill in a form, field by field.

    Args:
        form: A form that was not sent.

    Returns:
        The fields, with their current values and with the choices that there are now.
    """
    columns = _columns(form)
    return [
        {
            **_describe(bound.name, bound.field, columns.get(bound.name)),
            **_describe_choices(bound.field),
            "value": read_value(bound),
        }
        for bound in form
    ]


def describe_fields(form_class: Any) -> Iterator[tuple[forms.Field, dict[str, Any]]]:
    """Yield the fields of a class of forms with what can be said of them, without a database.

    Args:
        form_class: The class.
    """
    columns = _columns(form_class)
    for name, field in form_class.base_fields.items():
        described = _describe(name, field, columns.get(name))
        if _has_fixed_choices(field):
            described |= _describe_choices(field)
        yield field, described


def _columns(form: Any) -> dict[str, Any]:
    """Return the columns of a form's model, whose own rules are asked, too."""
    model = getattr(getattr(form, "_meta", None), "model", None)
    return {} if model is None else {column.name: column for column in model._meta.get_fields()}


def _describe(name: str, field: forms.Field, column: Any) -> dict[str, Any]:
    label = pretty_name(name) if field.label is None else field.label
    described = {
        "name": name,
        "label": str(label),
        "type": type_of(field),
        "required": field.required,
        "read_only": field.disabled,
        "hidden": field.widget.is_hidden,
        "help_text": str(field.help_text),
    }
    if hasattr(field, "choices"):
        return described  # they say all
    limits = _limits(field, column)
    return described | {key: limit for key, limit in limits.items() if limit is not None}


def _limits(field: Any, column: Any) -> dict[str, Any]:
    rules = [*field.validators, *getattr(column, "validators", ())]
    least = _limits_of(rules, validators.MinValueValidator)
    most = _limits_of(rules, validators.MaxValueValidator)
    shortest = _limits_of(rules, validators.MinLengthValidator)
    longest = _limits_of(rules, validators.MaxLengthValidator)
    return {
        "min": max(least, default=None),
        "max": min(most, default=None),
        "min_length": max(shortest, default=None),
        "max_length": min(longest, default=None),
        "max_digits": getattr(field, "max_digits", None),
        "decimal_places": getattr(field, "decimal_places", None),
    }


def _limits_of(rules: Iterable[Any], kind: type[Any]) -> list[Any]:
    limits = [rule.limit_value for rule in rules if isinstance(rule, kind)]
    return [limit() if callable(limit) else limit for limit in limits]


# Choices.


def _has_fixed_choices(field: Any) -> bool:
    choices = vars(field).get("_choices")  # that of a ModelChoiceField are rows
    return choices is not None and not isinstance(choices, CallableChoiceIterator)


def _describe_choices(field: Any) -> dict[str, Any]:
    if not (hasattr(field, "choices") and _shows_choices(field.widget)):
        return {}
    if isinstance(field, forms.ModelChoiceField) and "_choices" not in vars(field):
        return _describe_rows(field)
    pairs = [pair for pair in _flatten(field.choices) if pair[0] not in {None, ""}]
    listed = [{"value": value, "label": str(label)} for value, label in pairs[:MOST_CHOICES]]
    return {"choices": listed, "choices_left_out": max(0, len(pairs) - MOST_CHOICES)}


def _shows_choices(widget: Any) -> bool:
    # A key that is hidden or typed in tells nobody which others there are. The admin wraps widgets.
    return isinstance(getattr(widget, "widget", widget), forms.widgets.ChoiceWidget)


def _describe_rows(field: Any) -> dict[str, Any]:
    rows = list(field.queryset.all()[: MOST_CHOICES + 1])
    left_out = field.queryset.count() - MOST_CHOICES if len(rows) > MOST_CHOICES else 0
    listed = [
        {"value": field.prepare_value(row), "label": str(field.label_from_instance(row))}
        for row in rows[:MOST_CHOICES]
    ]
    return {"choices": listed, "choices_left_out": left_out}


def _flatten(choices: Any) -> Iterator[tuple[Any, Any]]:
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            yield from label
        else:
            yield value, label
