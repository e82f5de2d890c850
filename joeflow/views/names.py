"""Where the views of a workflow look for their templates, and for the workflow."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.models import QuerySet

from joeflow.models import Task

__all__ = ("WorkflowViewMixin",)


class WorkflowViewMixin:
    """A view of one workflow class.

    Attributes:
        model: The workflow class.
        name: Name of the URL: that of the node, ``"detail"`` or ``"override"``.
    """

    model: Any = None
    name: Any = None
    template_name: Any = None
    template_name_suffix = "_form"
    queryset: Any

    @property
    def _user(self) -> Any:
        """Who asks; None in a project without the middleware of Django's users."""
        return getattr(self.request, "user", None)  # type: ignore[attr-defined]

    @property
    def using(self) -> str:
        """Alias of the database that the tasks are written to, and so the workflows too."""
        return router.db_for_write(Task)

    def get_queryset(self) -> QuerySet[Any]:
        """Return the instances, in the database that transitions use."""
        plain: Any = super()  # a view that is not made for one object has none
        has_own = hasattr(plain, "get_queryset")
        if has_own and getattr(self, "queryset", None) is None:
            # Django would take the model's, and Django REST framework demands one.
            self.queryset = self.model._default_manager.all()
        queryset: QuerySet[Any] = plain.get_queryset() if has_own else self.model._default_manager
        return queryset.using(self.using)

    def get_template_names(self) -> list[str]:
        """Return the names in the order in which Django tries them.

        An explicit ``template_name`` first, then the project's own for the task, the workflow
        class and the app, and the package's at last.
        """
        opts = self.model._meta
        names = [
            f"{opts.app_label}/{opts.model_name}_{self.name}.html",
            f"{opts.app_label}/{opts.model_name}{self.template_name_suffix}.html",
            f"{opts.app_label}/workflow{self.template_name_suffix}.html",
            f"joeflow/workflow{self.template_name_suffix}.html",
        ]
        explicit = [self.template_name] if self.template_name else []
        return explicit + list(dict.fromkeys(names))
