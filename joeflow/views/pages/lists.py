"""What the lists of people's pages share: leafing without counting, searching and filtering."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Page, Paginator
from django.db import router
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views import generic

from joeflow.access import may_view
from joeflow.content_types import content_type_of
from joeflow.keys import read_key
from joeflow.models import Task, get_workflows
from joeflow.views.api import json
from joeflow.views.api.described import DescribedList
from joeflow.views.pages.searching import Searched, form_fields, matching, text_fields

__all__ = ("FilterForm", "LeafingPaginator", "PeopleListView", "of_classes")

#: Nobody leafs further; who looks for something filters.
MOST_PAGES = 400


class LeafingPaginator(Paginator):  # type: ignore[type-arg]
    """Reads a page and one row more, which tells whether there is a next page; counts nothing."""

    def validate_number(self, number: Any) -> int:
        """Return the number of a page; the first one for what is none."""
        key = read_key(str(number)) or 1
        return min(key, MOST_PAGES)

    def page(self, number: Any) -> Page[Any]:
        """Return a page, which can be empty."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        rows = list(self.object_list[first : first + self.per_page + 1])
        page = _Leaf(rows[: self.per_page], number, self)
        page.is_followed = len(rows) > self.per_page and number < MOST_PAGES
        return page


class _Leaf(Page[Any]):
    is_followed = False

    def __repr__(self) -> str:
        return f"<Page {self.number}>"

    def has_next(self) -> bool:
        return self.is_followed


class FilterForm(forms.Form):
    """What a list is searched and filtered for; what cannot be understood filters nothing.

    Args:
        workflows: The workflow classes to choose from.
    """

    q = forms.CharField(label=pgettext_lazy("joeflow", "Search"), required=False, max_length=100)
    workflow = forms.ChoiceField(label=_("Workflow"), required=False)

    def __init__(self, *args: Any, workflows: Iterable[Any], **kwargs: Any) -> None:
        """Offer the workflow classes, by name."""
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["q"].widget.input_type = "search"
        self.classes = {workflow._meta.label_lower: workflow for workflow in workflows}
        named = [(str(each._meta.verbose_name), key) for key, each in self.classes.items()]
        choices = [(key, name) for name, key in sorted(named)]
        self.offer("workflow", [("", _("all")), *choices])

    def offer(self, name: str, choices: list[Any]) -> None:
        """Set the choices of a field."""
        field: Any = self.fields[name]
        field.choices = choices

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """What was chosen, by the name of the field."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def workflows(self) -> list[Any]:
        """The workflow classes that are looked for."""
        chosen = self.chosen.get("workflow")
        return [self.classes[chosen]] if chosen else list(self.classes.values())


class PeopleListView(DescribedList, LoginRequiredMixin, generic.ListView):  # type: ignore[type-arg]
    """A list for whoever is logged in; it never counts what it lists.

    Attributes:
        paginate_by: So many are shown at once.
        filter_form_class: The form to search and filter with.
    """

    paginate_by = 25
    paginator_class = LeafingPaginator
    filter_form_class: type[FilterForm] = FilterForm

    @property
    def using(self) -> str:
        """Alias of the database that the tasks are written to."""
        return router.db_for_write(Task)

    def get_workflows(self) -> list[Any]:
        """Return the workflow classes that are offered to filter by."""
        return list(get_workflows())

    def get_search_fields(self, workflow: Any) -> list[str] | None:
        """Return the names of the fields that are searched, for everybody who sees this list.

        Whoever searches a field can find out what is in it, letter by letter.

        Args:
            workflow: The workflow class.

        Returns:
            The names; None for those that the person sees anyway: all with text for those who may
            view the workflow class, else those in the forms of the tasks that are listed.
        """
        return None

    def _get_searched(self, workflow: Any) -> Searched:
        names = self.get_search_fields(workflow)
        if names is not None:
            return {(): names}
        is_seen = may_view(self.request.user, workflow)
        return {(): text_fields(workflow)} if is_seen else form_fields(workflow)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the page, or its list in JSON; a program is told what it cannot filter by."""
        if json.wants_json(request) and not self.filter_form.is_valid():
            return json.answer_errors(self.filter_form.errors)
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response

    @cached_property
    def filter_form(self) -> FilterForm:
        """The form, with what was sent."""
        return self.filter_form_class(self.request.GET, workflows=self.get_workflows())

    def search(self, tasks: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of the tasks that are searched for, of the workflow that is chosen."""
        form = self.filter_form
        tasks = of_classes(tasks, form.workflows, self.using)
        if "q" in form.chosen:
            fields = {each: self._get_searched(each) for each in form.workflows}
            tasks = tasks.filter(matching(form.chosen["q"], fields, self.using))
        return tasks

    def paginate_queryset(self, queryset: Any, page_size: int) -> Any:
        """Return a page for any number that is asked for."""
        paginator = self.get_paginator(queryset, page_size)
        page = paginator.page(self.request.GET.get(self.page_kwarg, 1))
        return paginator, page, page.object_list, page.has_other_pages()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the form to filter with, and whether something is chosen in it."""
        is_filtered = bool(self.filter_form.chosen)
        kwargs = {"filter_form": self.filter_form, "is_filtered": is_filtered, **kwargs}
        return super().get_context_data(**kwargs)


def of_classes(tasks: QuerySet[Any], workflows: Iterable[Any], using: str) -> QuerySet[Any]:
    """Return the tasks of these workflow classes; those whose class is gone are of none.

    Args:
        tasks: The tasks.
        workflows: The classes.
        using: Alias of the database.
    """
    keys = [content_type_of(each, using).pk for each in workflows]
    return tasks.filter(content_type__in=keys)
