"""Reusable human tasks."""

from __future__ import annotations

from django.views import generic

from joeflow.views import StartViewMixin, TaskViewMixin

__all__ = ("StartView", "UpdateView")


class StartView(StartViewMixin, generic.CreateView):  # type: ignore[type-arg]
    """Start an instance with a form."""


class UpdateView(TaskViewMixin, generic.UpdateView):  # type: ignore[type-arg]
    """Change the state with a form and complete the task."""
