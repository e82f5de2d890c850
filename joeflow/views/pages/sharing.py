"""What people do with tasks besides completing them: take, give back, hand over, put off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db import router
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import generic

from joeflow.access import REASSIGN, has_permission, may_complete, with_people
from joeflow.assignments import concerns
from joeflow.exceptions import InstanceLocked, JoeflowError, TaskClosed, TaskTaken
from joeflow.graph import words
from joeflow.keys import read_key
from joeflow.models import Task, get_workflows
from joeflow.snoozing import LONGEST
from joeflow.typing import HUMAN
from joeflow.views.pages.colleagues import colleagues, find_colleague
from joeflow.views.pages.lists import of_classes

__all__ = ("AssignView", "ClaimView", "ReleaseView", "SnoozeView")

#: So many are taken at once.
MOST_CLAIMED = 100


class SharingView(LoginRequiredMixin, generic.View):
    """Does something to tasks and goes back to where the person comes from."""

    @cached_property
    def using(self) -> str:
        """Alias of the database that the tasks are written to."""
        return router.db_for_write(Task)

    def get_tasks(self, keys: Iterable[int]) -> list[Any]:
        """Return the tasks of people with these keys; each says by itself who may do what."""
        rows: Any = Task.objects.using(self.using).filter(pk__in=list(keys), type=HUMAN)
        tasks = of_classes(rows, get_workflows(), self.using)
        return list(with_people(tasks, self.request.user).order_by("pk"))

    def get_task(self) -> Any:
        """Return the task of the URL.

        Raises:
            Http404: There is none.
        """
        for task in self.get_tasks([self.kwargs["pk"]]):
            return task
        raise Http404

    def get_inbox_url(self) -> str:
        """Return where to go on, if the form does not say it."""
        namespace = self.request.resolver_match.namespace  # type: ignore[union-attr]
        return reverse(f"{namespace}:inbox" if namespace else "inbox")

    def get_success_url(self) -> str:
        """Return where to go on: the page that the form names, with its filters."""
        wanted = self.request.POST.get("next", "")
        hosts = {self.request.get_host()}
        is_safe = url_has_allowed_host_and_scheme(wanted, hosts, self.request.is_secure())
        return wanted if wanted and is_safe else self.get_inbox_url()

    def act(self, task: Any, do: Callable[[], None]) -> str:
        """Do something to a task; return a sentence that says why not, or nothing.

        Args:
            task: The task.
            do: Does it.
        """
        try:
            do()
        except (JoeflowError, PermissionDenied) as error:
            return explain(error, task)
        return ""

    def go_back(self, done: str = "", problems: Iterable[str] = ()) -> HttpResponse:
        """Return to the list, with what has become of it."""
        if done:
            messages.success(self.request, done, fail_silently=True)
        for problem in problems:
            messages.warning(self.request, problem, fail_silently=True)
        return HttpResponseRedirect(self.get_success_url())


def explain(error: Exception, task: Any) -> str:
    """Return why something could not be done to a task, for people.

    Args:
        error: What was raised.
        task: The task.
    """
    if isinstance(error, PermissionDenied):  # and nothing of the task to those that it is not for
        return _("You may not do this.")
    if isinstance(error, InstanceLocked):
        return _("Somebody else is working on this at the moment. Please try again.")
    name = f"{words(task.name)} ({task.workflow})"
    if isinstance(error, TaskTaken):
        names = ", ".join(map(str, error.holders)) or _("somebody who is gone")
        return _("{names} has “{name}” already.").format(names=names, name=name)
    if isinstance(error, TaskClosed):
        return _("“{name}” is closed already.").format(name=name)
    return _("This cannot be done with “{name}”.").format(name=name)


class ClaimView(SharingView):
    """Takes one task, or several."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take what was selected, each for itself; say of what somebody else was faster."""
        sent = request.POST.getlist("only") or request.POST.getlist("task")
        keys = [key for key in map(read_key, sent[:MOST_CLAIMED]) if key is not None]
        if not keys:
            return self.go_back(problems=[_("Nothing was selected.")])
        tasks = self.get_tasks(keys)
        problems = self._claim(tasks)
        failed = [problem for problem in problems if problem]
        count = len(problems) - len(failed)
        done = ngettext("{n} task is yours now.", "{n} tasks are yours now.", count)
        return self.go_back(done.format(n=count) if count else "", failed)

    def _claim(self, tasks: Iterable[Any]) -> list[str]:
        problems, wait = [], True
        for task in tasks:
            try:
                task.claim(self.request.user, wait=wait)
                problems.append("")
            except (JoeflowError, PermissionDenied) as error:
                problems.append(explain(error, task))
                # Who has met one busy instance may have selected many: only one is waited for.
                wait = wait and not isinstance(error, InstanceLocked)
        return problems


class ReleaseView(SharingView):
    """Gives a task back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give it back, or say why that cannot be."""
        task = self.get_task()
        try:
            task.release(request.user)
        except (TaskTaken, TaskClosed, InstanceLocked, PermissionDenied) as error:
            return self.go_back(problems=[explain(error, task)])
        except JoeflowError:
            return self.go_back(
                problems=[_("This was given to you alone. Hand it over to somebody instead.")]
            )
        return self.go_back(_("You gave “{name}” back.").format(name=words(task.name)))


class TaskFormView(SharingView, generic.FormView):  # type: ignore[type-arg]
    """A form about a task, for whoever may do it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Refuse those who may not do the task; tell those whom it concerns that it is closed."""
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        self.task = self.get_task()
        if not self._may():  # whatever the method: the form itself names people
            raise PermissionDenied
        if self.task.completed is not None:
            return self.go_back(problems=[explain(TaskClosed(), self.task)])
        return super().dispatch(request, *args, **kwargs)

    def _may(self) -> bool:
        user = self.request.user
        try:
            node = self.task.node
        except JoeflowError:  # gone from the code
            return False
        if self.task.completed is None:
            return may_complete(self.task, user, node)
        return has_permission(user, REASSIGN) or concerns(self.task, user, node, self.using)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the task, its instance, and where to go back to."""
        context = {"task": self.task, "task_label": words(self.task.name), **kwargs}
        context.setdefault("object", self.task.workflow)
        return super().get_context_data(next=self.get_success_url(), **context)


class AssignForm(forms.Form):
    """Names a colleague.

    Args:
        find: Returns the colleague with a user name, or None.
    """

    to = forms.CharField(label=gettext_lazy("Colleague (user name)"), max_length=254)

    def __init__(self, *args: Any, find: Callable[[str], Any], **kwargs: Any) -> None:
        """Keep how to look for colleagues."""
        super().__init__(*args, **kwargs)
        self.find = find

    def clean_to(self) -> Any:
        """Return the colleague."""
        found = self.find(self.cleaned_data["to"])
        if found is None:  # the same for those who may not get it: else names could be guessed
            raise forms.ValidationError(_("Nobody who could take this has such a name."))
        return found


class AssignView(TaskFormView):
    """Hands a task over to a colleague."""

    form_class = AssignForm
    template_name = "joeflow/assign.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return the form's arguments."""
        return {**super().get_form_kwargs(), "find": self.get_colleague}

    def get_colleague(self, name: str) -> Any:
        """Return who has this user name, or None where nobody has it who could take the task.

        Override it together with ``get_colleagues()``, so that both know the same people.

        Args:
            name: A user name, as somebody has typed it.
        """
        return find_colleague(self.task, self.request.user, self.using, name)

    def get_colleagues(self, term: str) -> list[Any]:
        """Return whom to choose from; override it for a rule of your own.

        Args:
            term: A part of a name.
        """
        return list(colleagues(self.task, self.request.user, self.using, term))

    def form_valid(self, form: Any) -> HttpResponse:
        """Hand it over, or say why that cannot be."""
        to, by = form.cleaned_data["to"], self.request.user
        problem = self.act(self.task, partial(self.task.assign, to, by=by))
        if problem:
            form.add_error("to", problem)
            return self.form_invalid(form)
        name = words(self.task.name)
        return self.go_back(_("“{name}” is for {person} now.").format(name=name, person=to))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add those whom it can be handed over to."""
        sent = self.request.POST.get("to") or self.request.GET.get("q") or ""
        found = self.get_colleagues(sent[:100])
        shown = [{"name": each.get_username(), "user": each} for each in found]
        return super().get_context_data(colleagues=shown, q=sent, **kwargs)


class SnoozeForm(forms.Form):
    """Names a day."""

    until = forms.DateField(
        label=gettext_lazy("Until"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def clean_until(self) -> datetime:
        """Return the instant at which that day begins."""
        day = self.cleaned_data["until"]
        if day <= today():
            raise forms.ValidationError(_("Choose a day that is yet to come."))
        if day >= today() + LONGEST:
            raise forms.ValidationError(_("Choose a day within the next year."))
        until = datetime.combine(day, time())
        return timezone.make_aware(until) if settings.USE_TZ else until


def today() -> Any:
    """Return the day in the time zone of the person."""
    now = timezone.now()
    return (timezone.localtime(now) if timezone.is_aware(now) else now).date()


class SnoozeView(TaskFormView):
    """Puts a task off: until then, it is in nobody's inbox."""

    form_class = SnoozeForm
    template_name = "joeflow/snooze.html"

    def get_initial(self) -> dict[str, Any]:
        """Suggest tomorrow."""
        return {"until": today() + timedelta(days=1)}

    def form_valid(self, form: Any) -> HttpResponse:
        """Put it off, or say why that cannot be."""
        until, by = form.cleaned_data["until"], self.request.user
        problem = self.act(self.task, partial(self.task.snooze, until, by=by))
        if problem:
            return self.go_back(problems=[problem])
        return self.go_back(_("“{name}” is put off.").format(name=words(self.task.name)))
