"""The views of people's tasks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from django.db import transaction as database_transaction
from django.db.models import F
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.generic.edit import FormMixin

from joeflow.access import has_permissions, is_known, may_complete, may_hand_over, with_people
from joeflow.assignments import concerns
from joeflow.content_types import workflow_class
from joeflow.contrib.reversion import create_revision
from joeflow.engine import complete_start
from joeflow.graph import words
from joeflow.models import Task
from joeflow.storable import refuse_unstorable
from joeflow.successors import task_values
from joeflow.tracking import keep_many, keep_values, track_changes
from joeflow.transitions import transition
from joeflow.typing import HUMAN
from joeflow.views import drafts
from joeflow.views.again import BUSY, answer_conflict
from joeflow.views.api import json
from joeflow.views.api.described import DescribedStart, DescribedTask
from joeflow.views.api.negotiation import READING
from joeflow.views.api.rest import Answered, Passing, RestTask, is_rest
from joeflow.views.bodies import UnreadableBody
from joeflow.views.closed import answer_closed, answer_taken
from joeflow.views.locking import act_or_give_up
from joeflow.views.nodes import HumanNode
from joeflow.views.refusals import refuse_person
from joeflow.views.stepping_in import describe_pause, pause_context

__all__ = ("StartViewMixin", "TaskViewMixin")


class _TaskIsClosed(Passing):
    """The task of the URL has been completed or canceled."""

    def __init__(self, task: Task) -> None:
        super().__init__(f"Task {task} is closed.")
        self.task = task


class _InstanceIsPaused(Passing):
    """Nobody can do anything in the instance for now."""


class TaskViewMixin(DescribedTask, RestTask, HumanNode):
    """Makes a view the task of a person.

    Mix it into a view with a form, and completing the form completes the task; or into any view,
    and call `next_task` in it. Everything but reading runs under the lock of the instance, in one
    transaction.

    Attributes:
        path: Further URL pattern behind that of the task, like ``"<str:section>/"``.
        name: Name of the node.
        workflow_cls: The workflow class of the node.
    """

    object: Any = None
    task: Any
    request: HttpRequest
    kwargs: dict[str, Any]

    # The request.

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer; whatever changes something does so under the lock."""
        try:
            if request.method in READING:
                return self._dispatch(request, *args, **kwargs)
            return self._dispatch_locked(request, *args, **kwargs)
        except _TaskIsClosed as closed:
            return answer_closed(self, closed.task)
        except _InstanceIsPaused:
            return answer_conflict(self, describe_pause(self.get_task().workflow, self._user))
        except UnreadableBody as error:
            return error.get_response(request)
        except Answered as answered:
            return answered.response

    def _dispatch_locked(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        def act() -> HttpResponse:
            self._forget_task()  # a mixin may have asked for it before the lock was there
            return self._dispatch(request, *args, **kwargs)

        def give_up() -> HttpResponse:
            self._forget_task()
            if not is_rest(self):
                return self._answer_locked()
            self._busy_answer = json.refuse(409, str(BUSY))
            return self._dispatch(request, *args, **kwargs)

        return act_or_give_up(self.using, self._transition, act, give_up)

    def _dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_rest(self):
            return self._dispatch_rest(partial(super().dispatch, request, *args, **kwargs))  # type: ignore[misc]
        refusal = self._refuse_stranger()
        if refusal is not None:
            return refusal
        self._refuse_closed()
        if self._has_drafts() and drafts.action_of(request):
            # Not before the view's own mixins have said that this person may be here.
            self.post = self._post_draft
        else:
            self._refuse_paused()
        response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        task = self.__dict__.get("task")
        if task is not None and task.status in {Task.SUCCEEDED, Task.CANCELED}:
            drafts.forget_all(task)
        if not json.wants_json(request) or not json.is_redirect(response):
            return response
        # The view went on, to wherever; unless a mixin behind this one asks for a login.
        login_url = getattr(self, "login_url", None)
        is_login = json.is_login(request, response, login_url)
        return response if is_login else self._answer_json()

    def _transition(self) -> AbstractContextManager[Any]:
        tasks = Task.objects.using(self.using).filter(pk=self.kwargs["pk"]).order_by()
        workflow_pk = tasks.values_list("_workflow_id", flat=True).first()
        if workflow_pk is None:
            raise Http404
        return transition(Task, workflow_pk, using=self.using)

    def has_access(self) -> bool:
        """Tell whether this person may see and do the task; override it for rules of your own."""
        return may_complete(self.get_task(), self._user, self, is_asked=self.asks_itself)

    def _refuse_stranger(self) -> HttpResponse | None:
        if self.has_access():
            return None
        task: Any = self.get_task()
        if concerns(task, self._user, self, self.using):
            if task.completed is not None:
                return None  # is told who was faster
            if task.has_assignees and not task.is_assignee:
                return answer_taken(self, task)
        return refuse_person(self)

    def _refuse_closed(self) -> None:
        task = self.get_task()
        if task.completed is not None:
            self.get_object()  # whoever may not see the open task learns nothing of the closed one
            raise _TaskIsClosed(task)

    def _refuse_paused(self) -> None:
        if self.request.method not in READING and getattr(self.get_task(), "paused", None):
            raise _InstanceIsPaused

    def _forget_task(self) -> None:
        self.__dict__.pop("task", None)

    def get_task(self) -> Task:
        """Return the task of the URL.

        It is open in all methods that answer a request; only where a permission is asked for, which
        comes first, it may be closed.

        Raises:
            Http404: There is none of this node and workflow class.
        """
        if "task" not in self.__dict__:
            self.task = self._load_task()
        task: Task = self.task
        return task

    def _load_task(self) -> Task:
        tasks: Any = Task.objects.using(self.using).select_related("completed_by_user")
        tasks = tasks.annotate(paused=F("_workflow___paused"))
        rows = tasks.filter(pk=self.kwargs["pk"], name=self.name).order_by()
        rows = drafts.with_draft(with_people(rows, self._user), self._user)
        task: Task | None = rows.first()
        if task is None or workflow_class(task.content_type_id, self.using) is not self.model:
            raise Http404
        vars(task)["may_hand_over"] = may_hand_over(task, self._user)
        return task

    def get_object(self, queryset: Any = None) -> Any:
        """Return the instance of the task, loaded fresh; under the lock where it is changed."""
        task = self.get_task()
        queryset = self.get_queryset() if queryset is None else queryset
        workflow = queryset.filter(pk=task._workflow_id).first()
        if workflow is None:
            raise Http404
        task.workflow = workflow
        if is_rest(self):
            self.check_object_permissions(self.request, workflow)  # type: ignore[attr-defined]
        track_changes(workflow)
        keep_values(task, workflow)
        return workflow

    def _get_workflow(self) -> Any:
        return self.get_task().workflow if self.object is None else self.object

    def next_task(self) -> None:
        """Complete the task and start what follows; override it to choose what does."""
        task = self.get_task()
        task.finish(self._user)
        task.start_next_tasks()

    # The form.

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the task's name in words, and whether the instance is paused."""
        kwargs = pause_context(self._get_workflow(), self._user, with_urls=False) | kwargs
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        context.setdefault("task_label", words(self.name))
        context.setdefault("task", self.get_task())
        context.setdefault("may_draft", self._may_draft() and "form" in context)
        return context

    def get_form(self, form_class: Any = None) -> Any:
        """Return the form, with what the JSON said that no form can say."""
        form: Any = super().get_form(form_class)  # type: ignore[misc]
        refuse_unstorable(form)
        draft = getattr(self.get_task(), "draft", None)
        if draft and not form.is_bound and not self._wants_json:
            drafts.fill_in(form, draft)
        sent: json.SentData | None = self.__dict__.pop("_sent", None)
        if sent is not None:
            sent.apply(form)
        return form

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Save the state, complete the task and go on."""
        keep_many(self.get_task(), form)
        with create_revision(self.name, user=self._user, using=self.using):
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            self.next_task()
        return response

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Show the form again, or say in JSON what is wrong."""
        if self._wants_json:
            return json.answer_errors(form.errors)
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        return response

    # What was typed, and is not sent so far.

    def _has_drafts(self) -> bool:
        return isinstance(self, FormMixin) and not self.is_start

    def _may_draft(self) -> bool:
        return self._has_drafts() and is_known(self._user)

    def _post_draft(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep what was typed, or throw it away, and show the form again."""
        self.object = self.get_object()
        if not self._may_draft():  # any more: the session is over
            form = self.get_form()
            form.add_error(None, _("Nothing was saved: log in to save a draft."))
            return self.form_invalid(form)
        if drafts.action_of(request) == drafts.SAVE:
            drafts.keep(self.get_task(), self._user, self.get_form())
        else:
            drafts.discard(self.get_task(), self._user)
        return HttpResponseRedirect(request.get_full_path())

    # Other answers.

    def _answer_json(self) -> HttpResponse:
        return json.answer(self._get_workflow(), status=200)

    def _answer_locked(self) -> HttpResponse:
        refusal = self._refuse_stranger()
        if refusal is not None:
            return refusal
        try:
            self._refuse_closed()
        except _TaskIsClosed as closed:
            return answer_closed(self, closed.task)
        return answer_conflict(self, BUSY)


class StartViewMixin(DescribedStart, TaskViewMixin):
    """Makes a view the start of a workflow.

    Mix it into a view with a form, and the form creates the instance; or into any view, set
    ``self.object`` to a new instance in it, and call `next_task`.
    """

    is_start = True

    def _transition(self) -> AbstractContextManager[Any]:
        return database_transaction.atomic(using=self.using)

    def has_access(self) -> bool:
        """Tell whether this person may start an instance; override it for rules of your own."""
        return self.asks_itself or has_permissions(self._user, self)

    def _refuse_stranger(self) -> HttpResponse | None:
        return None if self.has_access() else refuse_person(self)

    def _refuse_closed(self) -> None:
        """Do nothing: there is no task so far."""

    def get_task(self) -> Task:
        """Return the task to complete; it is not saved so far."""
        if "task" not in self.__dict__:
            if self.object is None or not self.object.pk:
                return Task(name=self.name, type=HUMAN)
            self.task = Task(**task_values(self.object, self.name, HUMAN))
            self.task.workflow = self.object
        task: Task = self.task
        return task

    def get_object(self, queryset: Any = None) -> Any:
        """Return nothing: the instance is yet to be created."""
        return None

    def _get_workflow(self) -> Any:
        return self.object

    def _answer_json(self) -> HttpResponse:
        return json.answer(self._get_workflow(), status=201)

    def next_task(self) -> None:
        """Complete the start and go on; override it to choose what follows."""
        complete_start(self.object, self.name, self._user)
