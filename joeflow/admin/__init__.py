"""The admin: tasks with rerun and cancel, and a base for the admin of people's own workflows."""

from joeflow.admin.actions import cancel, rerun
from joeflow.admin.inlines import TaskInline
from joeflow.admin.tasks import TaskAdmin
from joeflow.admin.workflows import WorkflowAdmin

__all__ = ("TaskAdmin", "TaskInline", "WorkflowAdmin", "cancel", "rerun")
