"""The pages for whoever comes too late: what was typed can be read there, and copied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.generic.edit import FormMixin

from joeflow.graph import words
from joeflow.models import Task
from joeflow.views.api import json
from joeflow.views.api.negotiation import READING
from joeflow.views.drafts import is_shown, texts_of

__all__ = ("answer_closed", "answer_taken", "typed_in")


def answer_taken(view: Any, task: Task) -> HttpResponse:
    """Say whose a task is.

    Args:
        view: The view of the task, which refuses somebody.
        task: The task.
    """
    names = ", ".join(str(user) for user in task.assignees.all())
    if view._wants_json:
        return json.refuse(403, _("This task is for {names}.").format(names=names))
    context = {"task": task, "object": task.workflow, "names": names}
    context["task_label"] = words(task.name)
    return render(view.request, "joeflow/task_taken.html", context, status=403)


def answer_closed(view: Any, task: Task) -> HttpResponse:
    """Say who has completed a task, and keep on the page what was typed.

    Args:
        view: The view of the task, which is given a request too late.
        task: The task.
    """
    reading = view.request.method in READING
    status = 410 if reading else 409
    if view._wants_json:
        return json.refuse(status, _("This task is closed."))
    context = {"task": task, "object": task.workflow, "was_sent": not reading}
    context["task_label"] = words(task.name)
    draft = getattr(task, "draft", None)
    if (view.request.POST or draft) and isinstance(view, FormMixin):
        form_view: Any = view
        form_view.object = task.workflow
        form = form_view.get_form()
        context["typed"] = typed_in(form, draft)
    return render(view.request, "joeflow/task_closed.html", context, status=status)


def typed_in(
    form: forms.BaseForm, draft: dict[str, list[str]] | None = None
) -> list[tuple[str, str]]:
    """Return labels and what was typed, without files and secrets.

    Args:
        form: The form, bound to what was sent; or not, where there is a draft.
        draft: What this person has typed before.
    """
    texts = texts_of(form) if form.is_bound or draft is None else draft
    return [
        (str(bound.label), "\n".join(_chosen(bound, texts)))
        for bound in form
        if not bound.is_hidden and is_shown(bound.field) and any(_chosen(bound, texts))
    ]


def _chosen(bound: forms.BoundField, texts: dict[str, list[str]]) -> Iterator[str]:
    """Yield what was typed; of what was chosen from a list, what the list says."""
    widget: Any = bound.field.widget
    values = texts.get(bound.html_name)
    if isinstance(bound.field, forms.BooleanField) and not hasattr(widget, "choices"):
        yield from ["✓"] if values else []
    elif values is None:
        parts = [value for name, value in texts.items() if name.startswith(bound.html_name + "_")]
        yield from [" ".join(value for part in parts for value in part)]
    elif hasattr(widget, "choices"):
        for _group, options, _index in widget.optgroups(bound.html_name, values):
            yield from [str(each["label"]) for each in options if each["selected"]]
    else:
        yield from values
