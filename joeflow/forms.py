"""The form with which people step in by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Field
from django.utils.translation import gettext_lazy as _

from joeflow.engine import override
from joeflow.models import Task
from joeflow.storable import refuse_unstorable
from joeflow.typing import User

__all__ = ("OverrideForm", "let_empty_stay_empty")


def let_empty_stay_empty(form: Any) -> None:
    """Require nothing that is empty so far: who steps in may have to do so before it is known.

    Args:
        form: The form of an instance.
    """
    columns = {field.name: field for field in form.instance._meta.get_fields()}
    for name, field in form.fields.items():
        column = columns.get(name)
        if form.instance.pk and isinstance(column, Field):
            is_empty = column.value_from_object(form.instance) in field.empty_values
            field.required = field.widget.is_required = field.required and not is_empty


class OverrideForm(forms.ModelForm):  # type: ignore[type-arg]
    """Changes the state of an instance and chooses what to go on with.

    All that it needs is in its fields, so that ``{{ form }}`` in a template is enough.
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer all nodes but the starts, and remember which tasks are open."""
        super().__init__(*args, **kwargs)
        refuse_unstorable(self)
        let_empty_stay_empty(self)
        graph = self._meta.model._graph
        names = [name for name in graph.nodes if name not in graph.starts]
        choices: Any = self.fields["next_tasks"]
        choices.choices = [(name, name.replace("_", " ")) for name in names]
        if self.instance.pk and not self.is_bound:
            pks = self.instance.task_set.open().order_by("pk").values_list("pk", flat=True)
            self.initial["open_tasks"] = ",".join(map(str, pks))

    def show_message(self, message: str) -> None:
        """Show a message with the form, although nothing was sent with it.

        Args:
            message: A sentence for the person.
        """
        self._errors = forms.utils.ErrorDict({NON_FIELD_ERRORS: self.error_class([message])})

    def clean_open_tasks(self) -> list[int] | None:
        """Return the keys of the tasks that were open when the form was shown."""
        if "open_tasks" not in self.data and self.add_prefix("open_tasks") not in self.data:
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
        task: Task = override(self.instance, self.get_next_task_nodes(), user=user, seen=seen)
        return task
