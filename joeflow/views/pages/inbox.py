"""What waits for a person, and what this person has done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from joeflow.access import REASSIGN, has_permission, is_given_to
from joeflow.assignments import returnable
from joeflow.clock import DatabaseNow
from joeflow.graph import words
from joeflow.models import Task
from joeflow.views.pages.lists import FilterForm, PeopleListView
from joeflow.views.pages.sharing import today

__all__ = ("DoneView", "InboxView")

MINE, FREE, SNOOZED, UNOWNED = "mine", "free", "snoozed", "unowned"


class InboxForm(FilterForm):
    """Filters an inbox."""

    whose = forms.ChoiceField(
        label=_("Whose"),
        required=False,
        choices=[("", _("all")), (MINE, _("mine")), (FREE, _("to take")), (SNOOZED, _("put off"))],
    )
    late = forms.BooleanField(label=_("Late only"), required=False)

    def offer_unowned(self) -> None:
        """Offer the tasks of people who are all gone."""
        field: Any = self.fields["whose"]
        self.offer("whose", [*field.choices, (UNOWNED, _("without owner"))])


class InboxView(PeopleListView):
    """Shows what waits for a person: late first, then what is his, then what he may take."""

    template_name = "joeflow/inbox.html"
    context_object_name = "tasks"
    filter_form_class = InboxForm
    json_summary = _("What waits for whoever asks, late first")

    @cached_property
    def filter_form(self) -> Any:
        """The form, with what was sent; who may hand over everything is offered more."""
        form: Any = super().filter_form
        if isinstance(form, InboxForm) and has_permission(self.request.user, REASSIGN):
            form.offer_unowned()
        return form

    def get_queryset(self) -> QuerySet[Any]:
        """Return the tasks that wait for this person."""
        tasks: Any = self.search(self._of_whom())
        if "late" in self.filter_form.chosen:
            tasks = tasks.filter(due__lt=DatabaseNow())
        is_mine = is_given_to(Task, self.request.user)
        tasks = tasks.annotate(is_mine=Case(When(is_mine, then=Value(1)), default=Value(0)))
        is_late = Case(When(Q(due__lt=DatabaseNow()), then=Value(0)), default=Value(1))
        tasks = tasks.defer("exception", "stacktrace", "before")
        tasks = tasks.prefetch_related("workflow", "assignees", "assigned_groups")
        ordered: QuerySet[Any] = tasks.order_by(
            is_late, "-is_mine", F("due").asc(nulls_last=True), "pk"
        )
        return ordered

    def _of_whom(self) -> QuerySet[Any]:
        rows: Any = Task.objects.using(self.using)
        user, whose = self.request.user, self.filter_form.chosen.get("whose")
        asked: dict[Any, Any] = {MINE: rows.assigned_to, FREE: rows.queue, SNOOZED: rows.snoozed}
        found: QuerySet[Any] = (
            rows.unowned() if whose == UNOWNED else asked.get(whose, rows.inbox)(user)
        )
        return found

    def get_data(self) -> list[dict[str, Any]]:
        """Return the rows of the page: each task, and what can be done with it."""
        tasks = [task for task in self.object_list if task.workflow is not None]
        back = returnable(tasks, self.request.user)
        return [{**self._describe(task), "may_release": task.pk in back} for task in tasks]

    def _describe(self, task: Any) -> dict[str, Any]:
        people = task.recipients
        is_alone = bool(task.is_mine) and people == [self.request.user]
        is_unowned = self.filter_form.chosen.get("whose") == UNOWNED
        return {
            "task": task,
            "label": words(task.name),
            "workflow": task.workflow,
            "url": task.get_absolute_url(),
            "others": [each for each in people if each != self.request.user],
            "is_mine": bool(task.is_mine),
            "paused": task.workflow._paused,
            "is_unowned": is_unowned,
            "may_claim": not is_alone and not is_unowned,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rows."""
        context = super().get_context_data(**kwargs)
        self.object_list = context["object_list"]  # those of the page
        tomorrow = today() + timedelta(days=1)
        return {"rows": self.get_data(), "tomorrow": tomorrow, **context}


class DoneView(PeopleListView):
    """Shows what a person has done, the latest first."""

    template_name = "joeflow/done.html"
    context_object_name = "tasks"
    json_summary = _("What whoever asks has done, the latest first")

    def get_queryset(self) -> QuerySet[Any]:
        """Return the tasks that this person has completed."""
        rows: Any = Task.objects.using(self.using)
        tasks = self.search(rows.done_by(self.request.user))
        tasks = tasks.defer("exception", "stacktrace", "before").prefetch_related("workflow")
        return tasks.order_by("-completed", "-pk")
