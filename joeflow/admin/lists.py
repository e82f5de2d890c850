"""What keeps lists of a million rows fast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from joeflow.models import Task, get_workflow, get_workflows

__all__ = ("LimitedPaginator", "WorkflowFilter", "matching")


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
        content_types = ContentType.objects.db_manager(queryset.db)
        content_type = content_types.get_for_model(workflow, for_concrete_model=False)
        return queryset.filter(content_type_id=content_type.pk)


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
