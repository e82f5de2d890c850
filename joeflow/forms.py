"""The form with which people step in by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Field
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from joeflow.content_types import tasks_of
from joeflow.graph import words
from joeflow.models import Task
from joeflow.overriding import OverridePlan, override, plan_override
from joeflow.storable import refuse_unstorable
from joeflow.typing import User

__all__ = ("BUSY", "OVERRIDE_FIELDS", "OverrideForm", "StateFormMixin", "let_empty_stay_empty")

#: What a person is told who could not get an instance in time.
BUSY = _("A task of this workflow is running. Nothing was changed; try again in a moment.")

#: Fields of the override that are none of the state; no field of a workflow may have these names.
OVERRIDE_FIELDS = ("next_tasks", "open_tasks", "override_reason", "override_plan")


def let_empty_stay_empty(form: Any) -> None:
    """Require nothing that is empty so far: who steps in may have to do so before it is known.

    Args:
        form: The form of an instance.
    """
    columns = {field.name: field for field in form.instance._meta.get_fields()}
    for name, field in form.fields.items():
        column = columns.get(name)
        if form.instance.pk and isinstance(column, Field):
            is_empty = _was_empty(form, name)
            if is_empty is None:
                is_empty = column.value_from_object(form.instance) in field.empty_values
            field.required = field.widget.is_required = field.required and not is_empty


def _was_empty(form: Any, name: str) -> bool | None:
    """Tell whether the person saw nothing in a field; None where the form does not say that.

    What others have filled in meanwhile shall not be asked for as if it were missing.
    """
    hidden, sent_as = form.fields[name].hidden_widget(), form.add_initial_prefix(name)
    if not form.is_bound or hidden.value_omitted_from_data(form.data, form.files, sent_as):
        return None
    seen = hidden.value_from_datadict(form.data, form.files, sent_as)
    return not any(seen) if isinstance(seen, list) else seen in form.fields[name].empty_values


class StateFormMixin:
    """Compares with what the person saw, not with what has become of the instance meanwhile.

    What somebody has not touched keeps the value that it has under the lock, however old the page
    is on which it was shown.

    Attributes:
        busy: The instance could not be locked: show the form again, as it was sent.
    """

    busy = False
    is_bound: bool
    instance: Any
    fields: dict[str, forms.Field]
    data: Any
    changed_data: list[str]
    cleaned_data: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show each value a second time, hidden: what the person sees now."""
        super().__init__(*args, **kwargs)
        refuse_unstorable(self)  # type: ignore[arg-type]
        let_empty_stay_empty(self)
        if not self.instance.pk:
            return
        names = [name for name in self.fields if self._can_be_hidden(name)]
        # A program that sends no hidden values has seen what is there now.
        prefix = self.add_initial_prefix("")  # type: ignore[attr-defined]
        if self.is_bound and not any(key.startswith(prefix) for key in self.data):
            return
        for name in names:
            self.fields[name].show_hidden_initial = True
        if self.is_bound:
            self._keep_hidden(names)

    def _can_be_hidden(self, name: str) -> bool:
        field = self.fields[name]
        return name not in OVERRIDE_FIELDS and not isinstance(field, forms.FileField)

    def _keep_hidden(self, names: list[str]) -> None:
        """Keep hidden values of no or of several inputs when the form has to be shown again."""
        self.data = self.data.copy()
        for name in names:
            self.data.setlistdefault(self.add_initial_prefix(name), [])  # type: ignore[attr-defined]

    def clean(self) -> Any:
        """Refuse where the instance could not be locked."""
        cleaned = super().clean()  # type: ignore[misc]
        if self.busy:
            raise ValidationError(BUSY, code="busy")
        return cleaned

    def _post_clean(self) -> None:
        with self._changed_only():
            super()._post_clean()  # type: ignore[misc]

    def _save_m2m(self) -> None:
        with self._changed_only():
            super()._save_m2m()  # type: ignore[misc]

    @contextmanager
    def _changed_only(self) -> Iterator[None]:
        if not self.instance.pk:
            yield
            return
        untouched = {k: v for k, v in self.cleaned_data.items() if k not in self.changed_data}
        for name in untouched:
            del self.cleaned_data[name]
        yield
        self.cleaned_data.update(untouched)


class PlanWidget(forms.Widget):
    """Shows what an override would do, and carries the sign that it was shown.

    Args:
        lines: What is said, each with those that it is about.
    """

    use_fieldset = True

    def __init__(self, lines: Sequence[tuple[Any, str]]) -> None:
        """Keep what is said."""
        super().__init__()
        self.lines = lines

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        """Return the list, and a hidden input."""
        items = format_html_join("", "<li>{} {}</li>", self.lines)
        return format_html(
            '<ul class="plan">{}</ul><input type="hidden" name="{}" value="{}">', items, name, value
        )

    def id_for_label(self, id_: str | None, index: Any = None) -> str:
        """Return nothing: there is nothing that could be clicked."""
        return ""


class OverrideForm(StateFormMixin, forms.ModelForm):  # type: ignore[type-arg]
    """Changes the state of an instance and chooses what to go on with.

    All that it needs is in its fields, so that ``{{ form }}`` in a template is enough: where it is
    sent for the first time, it shows what it would do, and where it is sent again, it does it. What
    a template, or a program, leaves out of the last three fields is not asked for.
    """

    next_tasks = forms.MultipleChoiceField(
        label=_("Next tasks"),
        help_text=_(
            "What is open now will be canceled, and these tasks will be started. "
            "Choose none to end it."
        ),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    open_tasks = forms.CharField(required=False, widget=forms.HiddenInput)
    override_reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Why you step in. It is shown in the history."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    override_plan = forms.CharField(
        label=_("What will happen"), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer all nodes but the starts, and remember which tasks are open."""
        super().__init__(*args, **kwargs)
        graph = self._meta.model._graph
        names = [name for name in graph.nodes if name not in graph.starts]
        choices: Any = self.fields["next_tasks"]
        choices.choices = [(name, words(name)) for name in names]
        self.fields["override_reason"].required = self._was_shown("override_reason")
        if self.instance.pk and not self.is_bound:
            pks = tasks_of(self.instance).open().order_by("pk").values_list("pk", flat=True)
            self.initial["open_tasks"] = ",".join(map(str, pks))

    def _was_shown(self, name: str) -> bool:
        """Tell whether a field is in the form, or was where that has been sent."""
        return not self.is_bound or name in self.data or self.add_prefix(name) in self.data

    def show_message(self, message: str) -> None:
        """Show a message with the form, although nothing was sent with it.

        Args:
            message: A sentence for the person.
        """
        self._errors = forms.utils.ErrorDict({NON_FIELD_ERRORS: self.error_class([message])})

    def clean_open_tasks(self) -> list[int] | None:
        """Return the keys of the tasks that were open when the form was shown."""
        if not self._was_shown("open_tasks"):
            return None  # a program, which has not looked
        try:
            return [int(pk) for pk in self.cleaned_data["open_tasks"].split(",") if pk]
        except ValueError as error:
            raise ValidationError(_("Load the page again, please.")) from error

    def get_next_task_nodes(self) -> list[Any]:
        """Return the nodes that were chosen."""
        return [self._meta.model.get_node(name) for name in self.cleaned_data["next_tasks"]]

    def start_next_tasks(self, user: User | None = None) -> Task:
        """Cancel what is open and start what was chosen.

        Args:
            user: Who does it.

        Returns:
            The task that stands for the override.

        Raises:
            InstanceChanged: Other tasks are open than those that were shown.
        """
        seen = self.cleaned_data.get("open_tasks")
        reason = self.cleaned_data.get("override_reason") or ""
        nodes = self.get_next_task_nodes()
        task: Task = override(self.instance, nodes, user=user, seen=seen, reason=reason)
        return task

    # What it would do.

    def get_plan(self) -> OverridePlan:
        """Return what the override would do at the moment, where the form is valid."""
        return plan_override(self.instance, self.cleaned_data["next_tasks"])

    def is_confirmed(self, plan: OverridePlan) -> bool:
        """Tell whether the person has been shown this plan; a program need not be.

        Args:
            plan: What the override would do.
        """
        if not self._was_shown("override_plan"):
            return True
        return bool(self.cleaned_data.get("override_plan") == self._sign_of(plan))

    def show_plan(self, plan: OverridePlan) -> None:
        """Show what the override would do, with all that was typed.

        Args:
            plan: What it would do.
        """
        data = self.data.copy()
        data[self.add_prefix("override_plan")] = self._sign_of(plan)
        self.data = data
        self.fields["override_plan"].widget = PlanWidget(self._describe(plan))
        self.order_fields(["override_plan"])

    def _sign_of(self, plan: OverridePlan) -> str:
        # A browser sends a file once: where one was sent, it must be told that.
        parts = [plan.seen, plan.started, sorted(self.files)]
        return "|".join(",".join(map(str, part)) for part in parts)

    def _describe(self, plan: OverridePlan) -> list[tuple[Any, str]]:
        canceled = [words(task.name) for task in plan.canceled]
        lines: list[tuple[Any, str]] = [
            (_("These tasks will be canceled:"), ", ".join(canceled))
            if canceled
            else (_("Nothing is open, and nothing will be canceled."), ""),
            (_("These tasks will be started:"), ", ".join(map(words, plan.started)))
            if plan.started
            else (_("Nothing will be started: the workflow ends."), ""),
        ]
        if plan.left:
            lines.append((_("What has been done stays done:"), ", ".join(map(words, plan.left))))
        if plan.workflow._paused is not None:
            lines.append((_("It is paused: nothing starts until somebody lets it go on."), ""))
        if self.files:
            sent = [name for name in self.fields if self.add_prefix(name) in self.files]
            labels = ", ".join(str(self[name].label) for name in sent)
            lines.append((_("Please choose these files once more:"), labels))
        what_next = _("Nothing of this has been done so far. Send the form again to do it.")
        return [*lines, (what_next, "")]

    # Where others were faster.

    def shown_anew(self, instance: Any) -> Self:
        """Return the form for what has become of the instance, with what the person has changed.

        Args:
            instance: The instance, loaded fresh.
        """
        form = type(self)(instance=instance)
        hidden: dict[str, Any] = {}
        for name in set(self.changed_data) - {"open_tasks", "override_plan"}:
            field, bound = self.fields[name], self[name]
            if not field.widget.needs_multipart_form:  # no browser shows a file again
                form.initial[name] = field.bound_data(bound.data, bound.initial)
                hidden |= self._get_hidden(name)
        form.data = MultiValueDict(hidden)  # what was there when the person began
        return form

    def _get_hidden(self, name: str) -> dict[str, list[Any]]:
        data: Any = self.data
        prefix = self.add_initial_prefix(name)
        sent = {key: data.getlist(key) for key in data if key.startswith(f"{prefix}_")}
        return {prefix: data.getlist(prefix), **sent}
