"""What people use: the forms of their tasks, and the pages of an instance."""

from joeflow.views.pages import OverrideView, WorkflowDetailView
from joeflow.views.tasks import StartViewMixin, TaskViewMixin

__all__ = ("OverrideView", "StartViewMixin", "TaskViewMixin", "WorkflowDetailView")
