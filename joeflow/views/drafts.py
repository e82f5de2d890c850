"""What somebody has typed into a form and not sent so far: kept, shown again, thrown away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import DateTimeField, Exists, JSONField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, QueryDict

from joeflow.access import is_known
from joeflow.descriptions.values import is_secret
from joeflow.models import Draft

__all__ = ("action_of", "discard", "fill_in", "forget_all", "keep", "texts_of", "with_draft")

#: Name of the buttons that save a draft and throw it away.
BUTTON = "_draft"
SAVE, DISCARD = "save", "discard"


def with_draft(tasks: QuerySet[Any], user: Any) -> QuerySet[Any]:
    """Return tasks with what tells of drafts, without further statements.

    Args:
        tasks: The tasks.
        user: Whose draft.

    Returns:
        The tasks, with ``has_drafts`` of anybody, ``draft`` and ``draft_saved`` of this person.
    """
    drafts = Draft._base_manager.filter(task=OuterRef("pk"))
    tasks = tasks.annotate(has_drafts=Exists(drafts))
    if not is_known(user):
        return tasks
    own = drafts.filter(user=user.pk)
    found: QuerySet[Any] = tasks.annotate(
        draft=Subquery(own.values("data")[:1], output_field=JSONField()),
        draft_saved=Subquery(own.values("modified")[:1], output_field=DateTimeField()),
    )
    return found


def action_of(request: HttpRequest) -> str:
    """Return what shall be done with the draft, if anything."""
    action = request.POST.get(BUTTON, "") if request.method == "POST" else ""
    return action if action in {SAVE, DISCARD} else ""


def keep(task: Any, user: Any, form: forms.BaseForm) -> None:
    """Store what somebody has typed, whatever that is.

    Args:
        task: The open task.
        user: Who has typed it.
        form: The form, bound to what was sent.
    """
    drafts = Draft._base_manager.using(task._state.db)
    # Of tasks that were closed in another way than with their form.
    drafts.filter(user=user.pk, task__completed__isnull=False).delete()
    data = texts_of(form)
    drafts.update_or_create(task_id=task.pk, user_id=user.pk, defaults={"data": data})


def discard(task: Any, user: Any) -> None:
    """Throw away what somebody has typed."""
    Draft._base_manager.using(task._state.db).filter(task=task.pk, user=user.pk).delete()


def forget_all(task: Any) -> None:
    """Throw away what anybody has typed into the form of a task that is closed now."""
    if getattr(task, "has_drafts", False):
        Draft._base_manager.using(task._state.db).filter(task=task.pk).delete()


def texts_of(form: forms.BaseForm) -> dict[str, list[str]]:
    """Return what was sent for a form, without files and secrets.

    Args:
        form: The form, bound.
    """
    data: Any = form.data
    shown = [bound for bound in form if is_shown(bound.field)]
    secret = [bound for bound in form if not is_shown(bound.field)]
    exact = {bound.html_name for bound in shown}
    # What PostgreSQL does not take in JSON is no text that anybody can type.
    return {
        name: [text.replace("\x00", "") for text in data.getlist(name)]
        for name in data
        if name in exact or (_is_of(name, shown) and not _is_of(name, secret))
    }


def _is_of(name: str, fields: Iterable[forms.BoundField]) -> bool:
    # Widgets of several parts add a suffix to the name.
    return any(
        name == bound.html_name
        or (name.startswith(f"{bound.html_name}_") and isinstance(bound.field.widget, _OF_PARTS))
        for bound in fields
    )


_OF_PARTS = (forms.MultiWidget, forms.SelectDateWidget)


def is_shown(field: forms.Field) -> bool:
    """Tell whether what is typed into a field may be kept and shown again."""
    return not (isinstance(field, forms.FileField) or is_secret(field.widget))


def fill_in(form: forms.BaseForm, texts: dict[str, list[str]]) -> None:
    """Show in a form what somebody has typed before.

    Args:
        form: The form, not bound.
        texts: What was kept.
    """
    data = QueryDict(mutable=True)
    for name, values in texts.items():
        data.setlist(name, values)
    files: Any = {}
    for bound in form:
        field, name = bound.field, bound.html_name
        if field.disabled or not is_shown(field):
            continue
        if field.widget.value_omitted_from_data(data, files, name):
            continue
        typed = field.widget.value_from_datadict(data, files, name)
        initial = form.get_initial_for_field(field, bound.name)
        form.initial[bound.name] = field.bound_data(typed, initial)
