"""What keeps lists of a million rows fast, and answers what nobody meant to ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import DataError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from joeflow.content_types import content_type_of
from joeflow.keys import read_key
from joeflow.models import Task, get_workflow, get_workflows

__all__ = (
    "LateFilter",
    "LimitedPaginator",
    "ListMixin",
    "StatusFilter",
    "WorkflowFilter",
    "matching",
)

#: Tasks of these statuses are open.
OPEN = {str(Task.SCHEDULED), str(Task.FAILED)}


class LimitedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than to the last page that anybody would leaf to."""

    limit = 10_000

    @cached_property
    def _found(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: self.limit + 1].count())

    @property
    def count(self) -> int:
        """Number of rows, up to the limit."""
        return min(self._found, self.limit)

    @property
    def has_more(self) -> bool:
        """Whether there are more rows than can be leafed through."""
        return self._found > self.limit


class CarefulChangeList(ChangeList):
    """Says of a filter that no database understands what Django says of those that it refuses."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the rows of the page.

        Raises:
            IncorrectLookupParameters: What the address asks for is no number or date of a database.
        """
        try:
            super().get_results(request)
        except (DataError, OverflowError, ValueError) as error:
            raise IncorrectLookupParameters(error) from error


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = object


class ListMixin(ModelAdmin):
    """The pages of an admin, for any address and any selection that somebody may send."""

    paginator = LimitedPaginator

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list; say where it holds more than it can count."""
        response: Any = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "cl" in context and getattr(context["cl"].paginator, "has_more", False):
            words = {"count": context["cl"].result_count, "name": self.opts.verbose_name_plural}
            subtitle = _(
                "There are more than %(count)s %(name)s; the first of them can be leafed "
                "through. Filter or search for the others."
            )
            context["subtitle"] = subtitle % words
            context["module_name"] = _("%(name)s or more, all that match") % words
            context["selection_note_all"] = _("All selected, more than %(count)s") % words
        return response

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the class of the list."""
        return CarefulChangeList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the row of a page; None where the address names none."""
        from_field = from_field or None  # Django looks for a field without a name
        if from_field in (None, self.opts.pk.name) and read_key(str(object_id)) is None:
            return None
        return super().get_object(request, object_id, from_field)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **options: Any
    ) -> Any:
        """Do something to the selected rows; what is selected and cannot be a row is left out."""
        sent = request.POST.copy()
        selected = sent.getlist(ACTION_CHECKBOX_NAME)
        keys = [key for key in selected if read_key(key) is not None]
        sent.setlist(ACTION_CHECKBOX_NAME, keys)
        request.POST = sent  # type: ignore[assignment]
        return super().response_action(request, queryset, *args, **options)

    def _get_edited_object_pks(self, request: HttpRequest, prefix: str) -> list[str]:
        # Of rows that are edited in the list; Django looks them up as they are sent.
        sent: list[str] = super()._get_edited_object_pks(request, prefix)
        return [key for key in sent if read_key(key) is not None]


class StatusFilter(admin.ChoicesFieldListFilter):
    """Filters tasks by their status, where it can by the index of those that are open."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the tasks of the chosen status."""
        found: QuerySet[Any] = super().queryset(request, queryset)  # type: ignore[assignment]
        chosen = set(request.GET.getlist(self.lookup_kwarg))
        return found.filter(completed__isnull=True) if chosen and chosen <= OPEN else found


class LateFilter(admin.SimpleListFilter):
    """Filters tasks by whether they are late."""

    title = _("late")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice beside all tasks."""
        return [("1", _("Late"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return what is late, where that was chosen."""
        return queryset.overdue() if self.value() == "1" else queryset


class WorkflowFilter(admin.SimpleListFilter):
    """Filters tasks by their workflow class."""

    title = _("workflow")
    parameter_name = "workflow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterator[tuple[str, str]]:
        """Return all workflow classes, by name."""
        names = [(str(w._meta.verbose_name), w._meta.label_lower) for w in get_workflows()]
        return ((label, name) for name, label in sorted(names))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the tasks of the chosen class."""
        workflow = get_workflow(self.value() or "")
        if workflow is None:
            return queryset
        # By the key, which is cached: a join would keep the database from using the index.
        return queryset.filter(content_type_id=content_type_of(workflow, queryset.db).pk)


def matching(term: str) -> Q:
    """Return the condition for tasks that a person who types this is looking for.

    Only indexes are asked for names: the nodes that contain the term are looked up in the code.
    Exceptions are searched where there can be any.
    """
    term = term.strip()
    name = term.replace(" ", "_")
    names = {node for workflow in get_workflows() for node, _node in workflow.get_nodes()}
    names = {node for node in names if name.lower() in node.lower()}
    found = Q(name__in=names) | Q(name__startswith=name)
    found |= Q(status__in=[Task.FAILED, Task.CANCELED], exception__icontains=term)
    if term.isascii() and term.isdecimal() and len(term) < 19:  # what fits into a key
        found |= Q(pk=int(term))
    return found
