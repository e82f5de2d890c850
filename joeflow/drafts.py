"""What somebody has typed into the form of a task, and not sent so far."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ("Draft",)


class Draft(models.Model):
    """What one person has typed into the form of one task.

    It is gone when the task is done with its form. That of a task that was closed in another way
    goes when this person saves the next one.
    """

    id = models.BigAutoField(primary_key=True, editable=False)
    task = models.ForeignKey(
        "joeflow.Task",
        verbose_name=_("task"),
        on_delete=models.CASCADE,
        related_name="draft_set",
        editable=False,
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.CASCADE,
        related_name="+",
        editable=False,
    )
    #: The fields as a browser sends them: lists of texts by name.
    data = models.JSONField(default=dict, editable=False)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["task", "user"], name="joeflow_one_draft_each"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} ({self.user_id})"
