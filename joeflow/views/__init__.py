"""What people use: the forms of their tasks, their lists, and the pages of an instance."""

from joeflow.views.api.negotiation import wants_json
from joeflow.views.api.openapi import OpenAPIView
from joeflow.views.override import OverrideView
from joeflow.views.pages.detail import WorkflowDetailView
from joeflow.views.pages.inbox import DoneView, InboxView
from joeflow.views.pages.instances import InstancesView, StartsView
from joeflow.views.pages.putting_off import BringBackView
from joeflow.views.pages.sharing import AssignView, ClaimView, ReleaseView, SnoozeView
from joeflow.views.stepping_in import PauseView, ResumeView, UndoView
from joeflow.views.tasks import StartViewMixin, TaskViewMixin

__all__ = (
    "AssignView",
    "BringBackView",
    "ClaimView",
    "DoneView",
    "InboxView",
    "InstancesView",
    "OpenAPIView",
    "OverrideView",
    "PauseView",
    "ReleaseView",
    "ResumeView",
    "SnoozeView",
    "StartViewMixin",
    "StartsView",
    "TaskViewMixin",
    "UndoView",
    "WorkflowDetailView",
    "wants_json",
)
