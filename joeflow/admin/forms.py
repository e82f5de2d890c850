"""The form of an instance in the admin: saves what the person has changed, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from joeflow.forms import OverrideForm, let_empty_stay_empty
from joeflow.storable import refuse_unstorable

__all__ = ("BUSY", "OVERRIDE_FIELDS", "OverrideFormMixin", "StateFormMixin")

#: What a person is told who could not get an instance in time.
BUSY = _("A task of this workflow is running. Nothing was changed; try again in a moment.")

OVERRIDE_FIELDS = tuple(OverrideForm.base_fields)


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


class OverrideFormMixin(StateFormMixin, OverrideForm):
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

    @cached_property
    def changed_data(self) -> list[str]:  # type: ignore[override]
        """Names of what the person has changed; the note of the open tasks is none of it."""
        return [name for name in super().changed_data if name != "open_tasks"]

    def clean(self) -> Any:
        """Refuse to override what the person has not seen; show it, so that they can say again."""
        cleaned = super().clean()
        seen = self.cleaned_data.get("open_tasks")
        if not self.cleaned_data.get("next_tasks") or seen is None:
            return cleaned
        tasks = self.instance.task_set.open().order_by("pk")
        there = list(tasks.values_list("pk", flat=True))
        if set(there) != set(seen):
            self.data = self.data.copy()
            self.data[self.add_prefix("open_tasks")] = ",".join(map(str, there))
            self.add_error(
                "next_tasks",
                _("Other tasks are open by now: look again, and save again if it is still right."),
            )
        return cleaned
