"""What people use: the forms of their tasks, and the pages of an instance."""

from joeflow.views.override import OverrideView
from joeflow.views.pages import WorkflowDetailView
from joeflow.views.stepping_in import PauseView, ResumeView, UndoView
from joeflow.views.tasks import StartViewMixin, TaskViewMixin

__all__ = (
    "OverrideView",
    "PauseView",
    "ResumeView",
    "StartViewMixin",
    "TaskViewMixin",
    "UndoView",
    "WorkflowDetailView",
)
