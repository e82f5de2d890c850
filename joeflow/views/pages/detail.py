"""The page of an instance: where it stands, what has happened, and what people say of it."""

from __future__ import annotations

from functools import partial
from itertools import accumulate
from typing import Any

from django import forms
from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, path
from django.utils.translation import gettext_lazy
from django.views import generic

from joeflow.access import (
    has_permission,
    is_known,
    may_hand_over,
    may_override,
    may_view,
    with_people,
)
from joeflow.content_types import is_of_another_class, tasks_of
from joeflow.contrib.reversion import changes_of
from joeflow.exceptions import MissingExtra
from joeflow.graph import words
from joeflow.keys import KEY_PATH
from joeflow.models import Event, Task
from joeflow.reversing import reverse_in
from joeflow.storable import refuse_unstorable
from joeflow.transitions import transition
from joeflow.typing import HUMAN
from joeflow.views.again import BUSY
from joeflow.views.api import json
from joeflow.views.api.described import DescribedInstance
from joeflow.views.bodies import UnreadableBody, refuse_unreadable
from joeflow.views.locking import act_or_give_up
from joeflow.views.names import WorkflowViewMixin
from joeflow.views.pages.changes import changes_view, has_events, mark_of, with_state
from joeflow.views.pages.history import Entry, history
from joeflow.views.refusals import refuse_person
from joeflow.views.stepping_in import add_undo_urls, pause_context

__all__ = ("WorkflowDetailView",)

#: So many tasks are listed at most, and so many events: the most recent ones.
MOST_TASKS = 500
#: So many characters of what was said are shown at most, for the page is read again and again.
MOST_TEXT = 200_000


class CommentForm(forms.Form):
    """What somebody says of an instance."""

    comment = forms.CharField(
        label=gettext_lazy("Comment"), max_length=4_000, widget=forms.Textarea({"rows": 3})
    )


class WorkflowDetailView(DescribedInstance, WorkflowViewMixin, generic.DetailView):  # type: ignore[type-arg]
    """Shows an instance: its graph and its history; takes comments of those who are logged in.

    The page follows what happens: it asks again and again whether something has changed, which
    costs one statement, and replaces the graph and the history where it has.

    Attributes:
        comment_form_class: The form for a comment; None: nobody comments.
    """

    name = "detail"
    template_name_suffix = "_detail"
    comment_form_class: Any = CommentForm
    # Where to send whoever is not logged in and wants to comment, as in Django's `AccessMixin`.
    login_url: Any = None
    redirect_field_name: Any = "next"
    raise_exception = False
    permission_denied_message: Any = ""
    _has_more_events = False

    @classmethod
    def get_further_url_patterns(cls, workflow: Any) -> list[URLPattern]:
        """Return the URL at which the page asks whether something has changed.

        Args:
            workflow: The workflow class.
        """

        def using() -> str:
            return cls().using

        view = changes_view(workflow, using)
        return [path(f"{KEY_PATH}changes", view, name="detail-changes")]

    def get_object(self, queryset: QuerySet[Any] | None = None) -> Any:
        """Return the instance, with all that tells whether its page is still right."""
        queryset = self.get_queryset() if queryset is None else queryset
        return super().get_object(with_state(queryset))

    # What is shown.

    def get_data(self) -> dict[str, Any]:
        """Return what is known of the instance: its tasks, its history, and what may be done."""
        workflow, tasks = self.object, self._get_tasks()
        if not tasks and is_of_another_class(workflow):
            raise Http404
        add_undo_urls(workflow, tasks, self._user)
        return {
            **pause_context(workflow, self._user),
            "tasks": tasks,
            "more_tasks": len(tasks) == MOST_TASKS,
            "history": self.get_history(tasks),
            "more_events": self._has_more_events,
            "ended": workflow._ended,
            "is_late": any(task.is_late for task in tasks),
            "may_override": self._may_override(),
            "may_view_reasons": self._may_view_reasons(),
            "may_comment": self.comment_form_class is not None and is_known(self._user),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the graph, where it can be drawn, the tasks, newest first, and the history."""
        context: dict[str, Any] = {**self.get_data(), **kwargs}
        try:
            context["graph"] = self.object.get_instance_graph_svg()
        except MissingExtra:
            context["mermaid"] = self.object.get_instance_graph_mermaid()
        if context["may_comment"]:
            context.setdefault("comment_form", self.comment_form_class())
        context |= {"mark": mark_of(self.object), "changes_url": self._get_changes_url()}
        return super().get_context_data(**context)

    def get_history(self, tasks: list[Task]) -> list[Entry]:
        """Return what has happened, the latest first, after what is open.

        Args:
            tasks: The tasks of the instance.
        """
        revisions = changes_of(self.object, MOST_TASKS) if self._may_view_changes() else []
        entries = history(tasks, self._get_events(tasks), revisions)
        for entry in entries:
            label = "" if entry.task is None else words(entry.task.name)
            vars(entry)["label"] = label or words(entry.comment)
        return entries

    def _get_changes_url(self) -> str:
        try:
            return reverse_in(self.model.get_url_namespace(), "detail-changes", pk=self.object.pk)
        except NoReverseMatch:  # it is shown at a URL of the project's own
            return ""

    def _may_override(self) -> bool:
        return self.model.override_view is not None and may_override(self._user, self.model)

    def _may_view_reasons(self) -> bool:
        # What an exception says can be secret: an address with a token, a row of the database.
        user, permissions = self._user, ("joeflow.view_task", "joeflow.change_task")
        return any(has_permission(user, each) for each in permissions)

    def _may_view_events(self) -> bool:
        # What people say and why they step in is for their colleagues, and so are their names.
        return is_known(self._user)

    def _may_view_changes(self) -> bool:
        # The page is open to everybody by default, and shows nothing else of the state.
        return is_known(self._user) and bool(may_view(self._user, self.model))

    def _get_tasks(self) -> list[Task]:
        rows: QuerySet[Task] = tasks_of(self.object).select_related("completed_by_user")
        rows = with_people(rows, None).defer("stacktrace", "before")
        tasks: list[Any] = list(rows.order_by("-pk")[:MOST_TASKS])
        given = [t for t in tasks if t.completed is None and (t.has_assignees or t.has_groups)]
        given = given if self._may_view_events() else []
        prefetch_related_objects(given, "assignees", "assigned_groups")
        for task in tasks:
            vars(task)["label"] = words(task.name)
            if task in given:
                vars(task)["people"] = task.recipients
            if task.completed is None and task.type == HUMAN:
                vars(task)["may_hand_over"] = may_hand_over(task, self._user)
        return tasks

    def _get_events(self, tasks: list[Task]) -> list[Event]:
        if not (self._may_view_events() and has_events(self.object)):
            return []
        rows = Event._base_manager.using(self.using).filter(_workflow=self.object.pk)
        events = self._cut(rows.select_related("user").order_by("-pk"))
        by_pk = {task.pk: task for task in tasks}
        for event in events:
            # A task that is too long ago to be listed is not read again for its events.
            event.task = by_pk.get(event.task_id or 0)
        return events

    def _cut(self, rows: QuerySet[Event]) -> list[Event]:
        found = list(rows[:MOST_TASKS])
        so_far = accumulate(len(event.text) for event in found)
        shown = [event for event, length in zip(found, so_far, strict=True) if length <= MOST_TEXT]
        self._has_more_events = len(found) == MOST_TASKS or len(shown) < len(found)
        return shown

    # What is said.

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add a comment."""
        self.object = self.get_object()
        if self.comment_form_class is None:
            return self.http_method_not_allowed(request, *args, **kwargs)
        if not is_known(self._user):
            return refuse_person(self)
        if is_of_another_class(self.object):
            raise Http404
        try:
            form = self._read_comment()
        except UnreadableBody as error:
            return error.get_response(request)
        if not form.is_valid():
            wants_json = json.wants_json(request)
            return json.answer_errors(form.errors) if wants_json else self._show_again(form, 200)
        lock = partial(transition, Task, self.object.pk, using=self.using)
        add = partial(self._add_comment, form.cleaned_data["comment"])
        return act_or_give_up(self.using, lock, add, partial(self._refuse_comment, form))

    def _read_comment(self) -> Any:
        if not json.is_json(self.request):
            refuse_unreadable(self.request)
            form = self.comment_form_class(self.request.POST)
            refuse_unstorable(form)
            return form
        sent = json.read_data(self.request, self.comment_form_class())
        form = self.comment_form_class(sent.data)
        refuse_unstorable(form)
        sent.apply(form)
        return form

    def _add_comment(self, text: str) -> HttpResponse:
        with transition(Task, self.object.pk, using=self.using) as current:
            current.record(Event.COMMENTED, None, self._user, text)
        if json.wants_json(self.request):
            return json.answer(self.object, status=201)
        return HttpResponseRedirect(f"{self.request.get_full_path()}#history")

    def _refuse_comment(self, form: Any) -> HttpResponse:
        if json.wants_json(self.request):
            return json.refuse(409, str(BUSY))
        form.add_error(None, str(BUSY))
        return self._show_again(form, 409)

    def _show_again(self, form: Any, status: int) -> HttpResponse:
        context = self.get_context_data(comment_form=form)
        return self.render_to_response(context, status=status)
