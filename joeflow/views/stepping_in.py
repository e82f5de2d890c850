"""The pages on which somebody pauses an instance, lets it go on, or takes back a task."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from django import forms
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.db import transaction as database_transaction
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import generic

from joeflow.access import is_known, may_override, may_view
from joeflow.content_types import content_type_of, is_of_another_class
from joeflow.exceptions import InstanceEnded, UndoRefused
from joeflow.graph import words
from joeflow.models import Event, Task
from joeflow.pausing import last_pause, pause, resume
from joeflow.reversing import reverse_in
from joeflow.storable import refuse_unstorable
from joeflow.undoing import Undo, undoable
from joeflow.views.again import BUSY
from joeflow.views.api import json
from joeflow.views.bodies import UnreadableBody, refuse_unreadable
from joeflow.views.locking import act_or_give_up
from joeflow.views.names import WorkflowViewMixin
from joeflow.views.refusals import refuse_person

__all__ = (
    "PauseView",
    "ReasonForm",
    "ResumeView",
    "UndoView",
    "add_undo_urls",
    "describe_pause",
    "pause_context",
)


def pause_context(workflow: Any, user: Any, *, with_urls: bool = True) -> dict[str, Any]:
    """Return what a template says of pauses: ``paused``, ``pause``, and where to change that.

    Args:
        workflow: The instance; None, or one that is not saved, where there is none so far.
        user: Who looks at it. Who has paused it, and why, is for those who are logged in.
        with_urls: Also ``pause_url`` or ``resume_url``, for those alone who may step in.
    """
    if workflow is None or workflow.pk is None:
        return {}
    context: dict[str, Any] = {}
    if workflow._paused is not None:
        event = last_pause(workflow) if is_known(user) else None
        context |= {"paused": workflow._paused, "pause": event}
    has_view = with_urls and workflow.override_view is not None
    if has_view and may_override(user, workflow) and (context or workflow._ended is None):
        verb = "resume" if context else "pause"
        context[f"{verb}_url"] = _reverse(workflow, f"instance-{verb}")
    return context


def describe_pause(workflow: Any, user: Any) -> str:
    """Return a sentence for somebody who wanted to do something in a paused instance.

    Args:
        workflow: The instance.
        user: Who wanted to.
    """
    event: Event | None = last_pause(workflow) if is_known(user) else None
    who = event.describe() if event else ""
    return _("This is paused, and nothing was saved. {who}").format(who=who).rstrip()


def add_undo_urls(workflow: Any, tasks: list[Any], user: Any) -> None:
    """Give those tasks an ``undo_url`` that somebody can most likely take back.

    Args:
        workflow: The instance.
        tasks: Tasks of it.
        user: Who looks at them.
    """
    keys = undoable(tasks, user, type(workflow))
    for task in tasks:
        if task.pk in keys:
            vars(task)["undo_url"] = _reverse(workflow, "task-undo", task_pk=task.pk)


def _reverse(workflow: Any, name: str, **kwargs: Any) -> str | None:
    try:
        return reverse_in(workflow.get_url_namespace(), name, pk=workflow.pk, **kwargs)
    except NoReverseMatch:
        return None


class ReasonForm(forms.Form):
    """Asks why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Whoever comes upon it is shown why nothing goes on."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take nothing that no database can store."""
        super().__init__(*args, **kwargs)
        refuse_unstorable(self)


class InstanceView(WorkflowViewMixin, generic.detail.SingleObjectMixin, generic.FormView):  # type: ignore[type-arg]
    """A page on which something is done to an instance as a whole."""

    object: Any
    template: str

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, which refuses in JSON where JSON is sent."""
        return json.guard(super().as_view(**initkwargs), asks=json.is_json)

    def get_template_names(self) -> list[str]:
        """Return the names in the order in which Django tries them."""
        opts = self.model._meta
        return [
            f"{opts.app_label}/{opts.model_name}_{self.template}.html",
            f"{opts.app_label}/workflow_{self.template}.html",
            f"joeflow/workflow_{self.template}.html",
        ]

    def get_object(self, queryset: Any = None) -> Any:
        """Return the instance."""
        workflow = super().get_object(queryset)
        if is_of_another_class(workflow):
            raise Http404
        return workflow

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page."""
        self.object = self.get_object()
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it, as a whole."""
        if json.is_json(request):
            return json.refuse(415, _("This form is for people; it takes no JSON."))
        try:
            refuse_unreadable(request)
        except UnreadableBody as error:
            return error.get_response(request)
        self.object = self.get_object()
        lock = partial(database_transaction.atomic, using=self.using)
        act = partial(super().post, request, *args, **kwargs)
        return act_or_give_up(self.using, lock, act, partial(self.show_refusal, BUSY))

    def show_refusal(self, message: str) -> HttpResponse:
        """Show the page with what was typed, and why nothing was done."""
        form = self.get_form()
        form.add_error(None, message)
        return self.render_to_response(self.get_context_data(form=form), status=409)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether the instance is paused."""
        return super().get_context_data(**pause_context(self.object, self._user), **kwargs)

    def get_success_url(self) -> str:
        """Return where to go on: the page of the instance, or the one to step in."""
        return str(self.object.get_absolute_url() or self.object.get_override_url())


class PauseView(PermissionRequiredMixin, InstanceView):
    """Lets somebody who may step in pause an instance, with a reason."""

    name = "instance-pause"
    template = "pause"
    form_class: Any = ReasonForm

    def has_permission(self) -> bool:
        """Ask for ``joeflow.override``, or the workflow's own permission to override."""
        return may_override(self._user, self.model)

    def handle_no_permission(self) -> Any:
        """Refuse somebody; in JSON where that is asked for."""
        wants_json = json.wants_json(self.request)
        return json.refuse_person(self.request) if wants_json else super().handle_no_permission()

    def form_valid(self, form: Any) -> HttpResponse:
        """Pause the instance."""
        try:
            pause(self.object, self._user, form.cleaned_data["reason"])
        except InstanceEnded:
            return self.show_refusal(_("This has ended; there is nothing to pause."))
        return HttpResponseRedirect(self.get_success_url())


class ResumeView(PauseView):
    """Lets somebody who may step in let a paused instance go on."""

    name = "instance-resume"
    form_class: Any = forms.Form
    http_method_names = ["post"]

    def form_valid(self, form: Any) -> HttpResponse:
        """Let the instance go on."""
        resume(self.object, self._user)
        return HttpResponseRedirect(self.get_success_url())


class UndoView(InstanceView):
    """Lets somebody take back a task; says before what that means."""

    name = "task-undo"
    template = "undo"
    form_class = forms.Form

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer; those who may not take back the task are refused."""
        if is_known(self._user):
            response: Any = super().dispatch(request, *args, **kwargs)
            return response  # type: ignore[no-any-return]
        return refuse_person(_Person(request))

    def get_task(self) -> Task:
        """Return the task of the URL.

        Raises:
            Http404: There is none of this instance and class.
        """
        tasks = Task.objects.using(self.using).select_related("completed_by_user")
        keys = {"pk": self.kwargs["task_pk"], "_workflow_id": self.kwargs["pk"]}
        content_type = content_type_of(self.model, self.using)
        task: Task | None = tasks.filter(**keys, content_type=content_type).first()
        if task is None:
            raise Http404
        return task

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what taking back the task means, or why it cannot be done."""
        task = self.get_task()
        context = {"task": task, "task_label": words(task.name)}
        try:
            context["undo"] = undo = Undo(task, self._user, self.using)
            context["canceled"] = _describe_canceled(undo.canceled)
            context["shown_fields"] = self._get_shown_fields(task)
        except UndoRefused as error:
            context["refusal"] = _describe(error)
        return super().get_context_data(**context, **kwargs)

    def _get_shown_fields(self, task: Task) -> Collection[str]:
        """Return the names of the fields whose values this person has seen, or may see."""
        fields = [field.name for field in self.model._meta.get_fields()]
        if may_view(self._user, self.model):
            return fields
        node: Any = task.node
        form_class, chosen = getattr(node, "form_class", None), getattr(node, "fields", None)
        if form_class is not None:
            return list(form_class.base_fields)
        return fields if chosen == forms.ALL_FIELDS else list(chosen or ())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what it means; with the status 409 where it cannot be done."""
        response: Any = super().get(request, *args, **kwargs)
        if "refusal" in response.context_data:
            response.status_code = 409
        return response  # type: ignore[no-any-return]

    def form_valid(self, form: Any) -> HttpResponse:
        """Take the task back, and go to its form."""
        task = self.get_task()
        try:
            task.undo(self._user)
        except UndoRefused:
            return self.render_to_response(self.get_context_data(form=form), status=409)
        return HttpResponseRedirect(task.get_absolute_url() or self.get_success_url())


class _Person:
    """Who was refused, with the options of Django's ``AccessMixin``."""

    login_url = None
    redirect_field_name = "next"
    raise_exception = False
    permission_denied_message = ""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request


def _describe_canceled(tasks: list[Any]) -> list[str]:
    """Return the names of tasks, with who has them."""
    prefetch_related_objects(tasks, "assignees")
    described = []
    for task in tasks:
        people = ", ".join(map(str, task.assignees.all()))
        described.append(f"{words(task.name)} ({people})" if people else words(task.name))
    return described


def _describe(error: UndoRefused) -> str:
    """Return in the reader's language why a task cannot be taken back."""
    if error.tasks:
        names = ", ".join(dict.fromkeys(words(task.name) for task in error.tasks))
        return _("What follows has been done already: {names}.").format(names=names)
    if error.fields:
        names = ", ".join(error.fields)
        return _("This has been changed since, or cannot be put back: {names}.").format(names=names)
    return _("A task can be taken back only if a person completed it, and not if it was a start.")
