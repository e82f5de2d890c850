"""What a list of the admin takes from a URL or a form: nothing that a database would choke on."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from joeflow.keys import as_key

__all__ = ("StrictListMixin",)

_TOO_LONG = re.compile(r"\d{19}")


class StrictChangeList(ChangeList):
    """Answers a filter that can find nothing as the admin answers an unknown one."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """Return the rows.

        Raises:
            IncorrectLookupParameters: A filter has a value that no database takes.
        """
        for name, values in request.GET.lists():
            for value in values:
                if "\0" in value or (name != SEARCH_VAR and _TOO_LONG.search(value)):
                    raise IncorrectLookupParameters(name)
        queryset: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        try:
            str(queryset.query)  # a year can be out of range, which turns out only here
        except EmptyResultSet:
            return queryset
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(error) from error
        return queryset


class StrictListMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin whose list can be asked for anything."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the class of the list."""
        return StrictChangeList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list; a selected key that is none selects nothing."""
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if any(as_key(key) is None for key in selected):
            sent = request.POST.copy()
            sent.setlist(ACTION_CHECKBOX_NAME, [key for key in selected if as_key(key) is not None])
            request.POST = sent  # type: ignore[assignment]
        return super().changelist_view(request, extra_context)
