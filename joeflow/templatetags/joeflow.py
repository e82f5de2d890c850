"""Tags and filters for the templates of the pages; ``{% load joeflow %}``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.urls import NoReverseMatch
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from joeflow.diagrams.description import readable
from joeflow.reversing import reverse_in

register = template.Library()


@register.simple_tag
def joeflow_url(name: str, *args: Any) -> str:
    """Return the URL of one of the pages; nothing where the project does not include them.

    Args:
        name: Name of the URL, like ``"inbox"``.
        args: The key of a task, for what is done with one.
    """
    kwargs = {"pk": args[0]} if args else {}
    try:
        return reverse_in("joeflow", name, **kwargs)
    except NoReverseMatch:
        return ""


@register.filter
def instance_url(workflow: Any) -> str:
    """Return the URL of an instance's page; nothing where there is none."""
    try:
        return "" if workflow is None else workflow.get_absolute_url() or ""
    except NoReverseMatch:
        return ""


@register.filter
def in_words(name: str) -> str:
    """Return the name of a task as people read it."""
    return readable(name)


@register.filter
def duration(value: timedelta | None) -> str:
    """Return an elapsed time in words, in its two largest units."""
    if value is None:
        return ""
    seconds = max(0, int(value.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    parts = [
        (days, ngettext("{n} day", "{n} days", days)),
        (hours, ngettext("{n} hour", "{n} hours", hours)),
        (minutes, ngettext("{n} minute", "{n} minutes", minutes)),
        (seconds % 60, ngettext("{n} second", "{n} seconds", seconds % 60)),
    ]
    while len(parts) > 1 and not parts[0][0]:
        del parts[0]
    shown = [text.format(n=n) for n, text in parts[:2] if n]
    return " ".join(shown) or _("under a second")
