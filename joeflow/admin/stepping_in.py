"""Step into many instances at once: override them, pause them, let them go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy, ngettext, ngettext_lazy

from joeflow.access import may_override
from joeflow.admin.actions import BUSY, CHANGED, CHUNK
from joeflow.exceptions import InstanceChanged, InstanceEnded, InstanceLocked
from joeflow.forms import OverrideForm
from joeflow.graph import words
from joeflow.instances import Outcome, override_all, pause_all, resume_all
from joeflow.models import Task
from joeflow.pausing import last_pause
from joeflow.views.stepping_in import ReasonForm

__all__ = ("SteppingInMixin", "override_selected", "pause_selected", "resume_selected")

_REASONS: dict[type[Exception], Any] = {
    InstanceLocked: BUSY,
    InstanceChanged: CHANGED,
    InstanceEnded: gettext_lazy("ended before"),
}


class OverrideManyForm(ReasonForm):
    """Asks what many instances shall go on with, and why."""

    next_tasks = forms.MultipleChoiceField(
        label=OverrideForm.base_fields["next_tasks"].label,
        help_text=OverrideForm.base_fields["next_tasks"].help_text,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ("next_tasks", "reason")

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:
        """Offer all nodes but the starts."""
        super().__init__(*args, **kwargs)
        names = [name for name in model._graph.nodes if name not in model._graph.starts]
        choices: Any = self.fields["next_tasks"]
        choices.choices = [(name, words(name)) for name in names]
        self.fields["reason"].help_text = OverrideForm.base_fields["override_reason"].help_text


@admin.action(
    permissions=["override"], description=gettext_lazy("Override selected %(verbose_name_plural)s")
)
def override_selected(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
    """Ask what to go on with and why, and say what is open; then override all that are selected."""
    form = OverrideManyForm(modeladmin.model, _sent(request))
    if not _is_confirmed(request, queryset, form):
        title = gettext("Override selected workflows")
        context = {"title": title, "submit": gettext("Override"), "open": _count_open(queryset)}
        return _ask(modeladmin, request, queryset, form, "override_selected", context)
    names, reason = form.cleaned_data["next_tasks"], form.cleaned_data["reason"]
    done = ngettext_lazy(
        "%(count)d workflow was overridden.", "%(count)d workflows were overridden.", "count"
    )
    outcome = override_all(queryset, names, request.user, reason)
    return _report(modeladmin, request, outcome, done, gettext_lazy("Overridden."))


@admin.action(
    permissions=["override"], description=gettext_lazy("Pause selected %(verbose_name_plural)s")
)
def pause_selected(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
    """Ask why, then pause all that are selected."""
    form = ReasonForm(_sent(request))
    if not _is_confirmed(request, queryset, form):
        title = gettext("Pause selected workflows")
        context = {"title": title, "submit": gettext("Pause")}
        return _ask(modeladmin, request, queryset, form, "pause_selected", context)
    done = ngettext_lazy(
        "%(count)d workflow is paused.", "%(count)d workflows are paused.", "count"
    )
    outcome = pause_all(queryset, request.user, form.cleaned_data["reason"])
    return _report(modeladmin, request, outcome, done, gettext_lazy("Paused."))


@admin.action(
    permissions=["override"], description=gettext_lazy("Resume selected %(verbose_name_plural)s")
)
def resume_selected(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> None:
    """Let all that are selected go on, if they are paused."""
    done = ngettext_lazy("%(count)d workflow goes on.", "%(count)d workflows go on.", "count")
    outcome = resume_all(queryset, request.user)
    _report(modeladmin, request, outcome, done, gettext_lazy("Resumed."))


# The page between.


def _sent(request: HttpRequest) -> Any:
    return request.POST if "confirmed" in request.POST else None


def _is_confirmed(request: HttpRequest, queryset: QuerySet[Any], form: forms.Form) -> bool:
    """Tell whether the person has said what to do, and to how many that is done."""
    if not form.is_bound or not form.is_valid():
        return False
    if request.POST["confirmed"] != str(queryset.count()):
        form.add_error(None, gettext("The selection has changed meanwhile. Look again, please."))
    return form.is_valid()


def _count_open(queryset: QuerySet[Any]) -> list[str]:
    """Return what is open in the instances, and how often."""
    tasks = Task.objects.using(queryset.db).open()
    rows = tasks.filter(_workflow_id__in=queryset.order_by().values("pk")).order_by("name")
    counts = rows.values_list("name").annotate(count=Count("pk"))
    return [f"{words(name)} ({count})" for name, count in counts]


def _ask(
    modeladmin: Any,
    request: HttpRequest,
    queryset: QuerySet[Any],
    form: forms.Form,
    action: str,
    context: dict[str, Any],
) -> HttpResponse:
    request.current_app = modeladmin.admin_site.name
    context = {
        **modeladmin.admin_site.each_context(request),
        **context,
        "opts": modeladmin.opts,
        "form": form,
        "action": action,
        "count": queryset.count(),
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "checkbox": ACTION_CHECKBOX_NAME,
        "select_across": request.POST.get("select_across", "0"),
        "media": modeladmin.media,
    }
    return TemplateResponse(request, "admin/joeflow/step_in_selected.html", context)


# What is told afterwards.


def _report(
    modeladmin: Any, request: HttpRequest, outcome: Outcome, done: Any, record: Any
) -> None:
    _record(modeladmin.model, request.user, outcome.done, record)
    if outcome.count:
        text = done % {"count": outcome.count}
        modeladmin.message_user(request, text, messages.SUCCESS)
    skipped: Counter[str] = Counter()
    if outcome.unchanged:
        skipped[gettext("it was so before")] = len(outcome.unchanged)
    for error in outcome.refused.values():
        skipped[str(_REASONS.get(type(error), error))] += 1
    if skipped:
        modeladmin.message_user(request, _describe_skipped(skipped), messages.WARNING)


def _describe_skipped(skipped: Counter[str]) -> str:
    count = skipped.total()
    text = ngettext(
        "%(count)d workflow was skipped: %(why)s.",
        "%(count)d workflows were skipped: %(why)s.",
        count,
    )
    reasons = ", ".join(f"{why} ({number})" for why, number in skipped.most_common())
    return text % {"count": count, "why": reasons}


def _record(model: Any, user: Any, keys: Iterable[int], record: Any) -> None:
    """Write into the admin's history who did it."""
    # Everybody reads the log, whatever the language of whoever did it.
    with translation.override(settings.LANGUAGE_CODE):
        for part in _parts(list(keys)):
            rows = list(model._base_manager.filter(pk__in=part).order_by("pk"))
            if rows:
                LogEntry.objects.log_actions(user.pk, rows, CHANGE, str(record))


def _parts(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = object

_PAUSED = "joeflow_paused"
PAUSE = "joeflow_pause"


class PausedFilter(admin.SimpleListFilter):
    """Filters instances by whether they are paused."""

    title = gettext_lazy("paused")
    parameter_name = "paused"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Return yes and no."""
        return (("1", gettext_lazy("Yes")), ("0", gettext_lazy("No")))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the instances that are paused, or those that are not."""
        if self.value() not in {"0", "1"}:
            return queryset
        return queryset.filter(_paused__isnull=self.value() == "0")


class SteppingInMixin(ModelAdmin):
    """The part of the admin of workflows with which people step in, and see who has."""

    actions: Any = (override_selected, pause_selected, resume_selected)

    def has_override_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for ``joeflow.override``, or the workflow's own permission to override."""
        return may_override(request.user, self.model)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Add whether an instance is paused."""
        columns = super().get_list_display(request)
        return columns if _PAUSED in columns else [*columns, _PAUSED]

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Add whether an instance is paused."""
        filters = super().get_list_filter(request)
        return filters if PausedFilter in filters else [*filters, PausedFilter]

    @admin.display(description=gettext_lazy("paused"), ordering="_paused")
    def joeflow_paused(self, obj: Any) -> Any:
        """Say since when."""
        return obj._paused

    @admin.display(description=gettext_lazy("paused"))
    def joeflow_pause(self, obj: Any) -> Any:
        """Say who paused the instance, and why."""
        event = last_pause(obj)
        return format_html("<strong>{}</strong>", event.describe() if event else obj._paused)
