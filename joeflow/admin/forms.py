"""Forms of the admin: what saves the state, and sends an instance elsewhere."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from joeflow.content_types import tasks_of
from joeflow.forms import BUSY, OVERRIDE_FIELDS, OverrideForm, StateFormMixin

__all__ = ("BUSY", "OVERRIDE_FIELDS", "OverrideFormMixin", "StateFormMixin")


class OverrideFormMixin(OverrideForm):
    """Lets the person send the instance elsewhere; choosing nothing leaves its tasks alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the tasks as boxes to tick."""
        super().__init__(*args, **kwargs)
        field: Any = self.fields["next_tasks"]
        field.widget, choices = forms.CheckboxSelectMultiple(), field.choices
        field.choices = choices
        field.help_text = _(
            "What is open now will be canceled, and these tasks will be started. "
            "Choose none to leave the tasks alone."
        )
        self.fields["open_tasks"].label = ""
        self.fields["override_reason"].required = False

    @cached_property
    def changed_data(self) -> list[str]:  # type: ignore[override]
        """Names of what the person has changed; notes of what was shown are none of it."""
        notes = {"open_tasks", "override_plan"}
        return [name for name in super().changed_data if name not in notes]

    def clean(self) -> Any:
        """Refuse to override what the person has not seen; show it, so that they can say again."""
        cleaned = super().clean()
        if self.cleaned_data.get("next_tasks"):
            self._refuse_silence()
            self._refuse_stale()
            if not self.errors:
                self._ask_again()
        return cleaned

    def _refuse_silence(self) -> None:
        is_silent = not self.cleaned_data.get("override_reason")
        if is_silent and self._was_shown("override_reason"):
            self.add_error("override_reason", _("Say why you step in."))

    def _refuse_stale(self) -> None:
        seen = self.cleaned_data.get("open_tasks")
        if seen is None:
            return
        tasks = tasks_of(self.instance).open().order_by("pk")
        there = list(tasks.values_list("pk", flat=True))
        if set(there) != set(seen):
            self.data = self.data.copy()
            self.data[self.add_prefix("open_tasks")] = ",".join(map(str, there))
            self.add_error(
                "next_tasks",
                _("Other tasks are open by now: look again, and save again if it is still right."),
            )

    def _ask_again(self) -> None:
        plan = self.get_plan()
        if not self.is_confirmed(plan):
            self.show_plan(plan)
            self.add_error("override_plan", _("Look at what will happen, and save again."))
