"""The page on which somebody steps in."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.forms import modelform_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import generic

from joeflow.access import may_override
from joeflow.content_types import is_of_another_class, tasks_of
from joeflow.contrib.reversion import create_revision
from joeflow.exceptions import InstanceChanged
from joeflow.forms import OverrideForm
from joeflow.graph import words
from joeflow.models import Task
from joeflow.overriding import OverridePlan
from joeflow.tracking import track_changes
from joeflow.transitions import transition
from joeflow.views.api import json
from joeflow.views.bodies import UnreadableBody, refuse_unreadable
from joeflow.views.locking import act_or_give_up
from joeflow.views.names import WorkflowViewMixin
from joeflow.views.stepping_in import pause_context

__all__ = ("OverrideView",)


class OverrideView(PermissionRequiredMixin, WorkflowViewMixin, generic.UpdateView):  # type: ignore[type-arg]
    """Lets somebody with the permission change the state and send the instance elsewhere.

    Who sends the form is shown what it would do; who sends it again does it.
    """

    name = "override"
    form_class = OverrideForm
    fields = "__all__"

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, which refuses in JSON where JSON is sent."""
        return json.guard(super().as_view(**initkwargs), asks=json.is_json)

    def has_permission(self) -> bool:
        """Ask for ``joeflow.override``, or the workflow's own permission to override."""
        return may_override(self._user, self.model)

    def handle_no_permission(self) -> Any:
        """Refuse somebody; in JSON where that is asked for."""
        wants_json = json.wants_json(self.request)
        return json.refuse_person(self.request) if wants_json else super().handle_no_permission()

    def get_template_names(self) -> list[str]:
        """Return the names in the order in which Django tries them."""
        opts = self.model._meta
        names = [
            f"{opts.app_label}/{opts.model_name}_override.html",
            f"{opts.app_label}/workflow_override.html",
            f"{opts.app_label}/{opts.model_name}_form.html",
            f"{opts.app_label}/workflow_form.html",
            "joeflow/workflow_override.html",
        ]
        return [self.template_name, *names] if self.template_name else names

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the names of the open tasks, in words, and what a form's own template shows."""
        names = tasks_of(self.object).open().order_by("pk").values_list("name", flat=True)
        kwargs = pause_context(self.object, self._user) | kwargs
        submit = _("Override") if "plan" in kwargs else _("See what will happen")
        kwargs = {"task_label": _("Step in"), "submit_label": submit} | kwargs
        return super().get_context_data(open_tasks=[words(name) for name in names], **kwargs)

    def get_object(self, queryset: Any = None) -> Any:
        """Return the instance; what is not changed in the form is not saved."""
        workflow = super().get_object(queryset)
        if is_of_another_class(workflow):
            raise Http404
        track_changes(workflow)
        return workflow

    def get_form_class(self) -> Any:
        """Return the form for the fields of this workflow class."""
        return modelform_factory(self.model, form=self.form_class, fields=self.fields)

    def get_form(self, form_class: Any = None) -> Any:
        """Return the form; it is kept, to be shown again."""
        self._sent_form: Any = super().get_form(form_class)
        return self._sent_form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Change and go elsewhere, under the lock."""
        if json.is_json(request):
            return json.refuse(415, _("This form is for people; it takes no JSON."))
        try:
            refuse_unreadable(request)
            lock = partial(transition, Task, self.kwargs["pk"], using=self.using)
            act = partial(super().post, request, *args, **kwargs)
            return act_or_give_up(self.using, lock, act, self._show_again)
        except UnreadableBody as error:
            return error.get_response(request)
        except InstanceChanged:
            return self._show_new_state()

    def form_valid(self, form: Any) -> HttpResponse:
        """Show what would happen, or save the state and start what was chosen.

        Raises:
            InstanceChanged: Other tasks are open than those that were shown.
        """
        plan = form.get_plan()
        seen = form.cleaned_data.get("open_tasks")
        if seen is not None and set(seen) != set(plan.seen):
            raise InstanceChanged
        if not form.is_confirmed(plan):
            return self._show_plan(form, plan)
        with create_revision(self.name, user=self._user, using=self.using):
            response = super().form_valid(form)
            form.start_next_tasks(self._user)
        return response

    def _show_plan(self, form: Any, plan: OverridePlan) -> HttpResponse:
        form.show_plan(plan)
        return self.render_to_response(self.get_context_data(form=form, plan=plan))

    def _show_again(self) -> HttpResponse:
        self.object = self.get_object()
        form = self.get_form()
        form.add_error(None, _("Somebody else is working on this at the moment. Please try again."))
        return self.render_to_response(self.get_context_data(form=form), status=409)

    def _show_new_state(self) -> HttpResponse:
        self.object = self.get_object()
        form = self._sent_form.shown_anew(self.object)
        form.show_message(_("Meanwhile this has changed. Please look again before you step in."))
        return self.render_to_response(self.get_context_data(form=form), status=409)
