"""What people do with tasks besides completing them: the rows that tell of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

__all__ = ("Event",)


class Event(models.Model):
    """What happened to a task or to a whole instance, beside what the tasks themselves tell.

    Nothing depends on most of these rows but the history. Giving a task back reads whose it was
    before; and a mail that has not gone out yet is one of these rows.
    """

    CLAIMED = "claimed"
    RELEASED = "released"
    ASSIGNED = "assigned"
    SNOOZED = "snoozed"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    OVERDUE = "overdue"
    COMMENTED = "commented"
    OVERRIDDEN = "overridden"
    UNDONE = "undone"
    PAUSED = "paused"
    RESUMED = "resumed"
    MAILED = "mailed"

    _kind_choices = (
        (CLAIMED, _("claimed")),
        (RELEASED, _("released")),
        (ASSIGNED, _("handed over")),
        (SNOOZED, _("snoozed")),
        (REMINDED, _("reminded")),
        (ESCALATED, _("escalated")),
        (OVERDUE, _("overdue")),
        (COMMENTED, _("commented")),
        (OVERRIDDEN, _("stepped in")),
        (UNDONE, _("undone")),
        (PAUSED, _("paused")),
        (RESUMED, _("resumed")),
        (MAILED, _("mailed")),
    )

    id = models.BigAutoField(primary_key=True, editable=False)
    _workflow = models.ForeignKey(
        "joeflow.Workflow",
        verbose_name=_("workflow"),
        on_delete=models.CASCADE,
        db_column="workflow_id",
        related_name="+",  # any other name could be that of somebody's field
        editable=False,
    )
    task = models.ForeignKey(
        "joeflow.Task",
        verbose_name=_("task"),
        on_delete=models.CASCADE,
        related_name="event_set",
        null=True,  # what happened to the whole instance
        editable=False,
    )
    kind = models.CharField(_("event"), max_length=50, choices=_kind_choices, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        editable=False,
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    #: What was said, why it was done, or who was meant: by name at that time, so that it can still
    #: be read when they are gone.
    text = models.TextField(blank=True, editable=False)
    #: Keys, for whoever takes it back.
    data = models.JSONField(default=dict, editable=False, encoder=DjangoJSONEncoder)
    #: When a mail is tried, or tried again; empty for what has gone out, and for all else.
    eta = models.DateTimeField(blank=True, null=True, editable=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("pk",)
        default_permissions = ()
        indexes = [
            # MariaDB has no partial indexes: there it holds all events.
            models.Index(
                fields=["eta"], name="joeflow_event_due", condition=models.Q(eta__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.pk})"

    def describe(self) -> str:
        """Return a sentence for people."""
        if self.kind == self.MAILED and not self.text:
            return str(_("A mail has not gone out so far."))
        who = str(self.user) if self.user else pgettext("begins a sentence", "Somebody")
        sentences = {
            self.CLAIMED: _("{who} took it."),
            self.RELEASED: _("{who} gave it back."),
            self.ASSIGNED: _("{who} gave it to {text}."),
            self.REMINDED: _("It was nearly due; a reminder was given."),
            self.ESCALATED: _("It was late; {text} was started."),
            self.OVERDUE: _("It was canceled: overdue."),
            self.COMMENTED: _("{who}: {text}"),
            self.OVERRIDDEN: _("{who} stepped in: {text}"),
            self.UNDONE: _("{who} took it back."),
            self.PAUSED: _("{who} paused it: {text}"),
            self.RESUMED: _("{who} let it go on."),
            self.MAILED: _("A mail went to {text}."),
        }
        if self.kind == self.SNOOZED:
            return self._describe_snooze(who)
        if self.kind == self.UNDONE and "completed" in self.data:
            return self._describe_undo(who)
        if self.kind == self.PAUSED and not self.text:
            return str(_("{who} paused it.")).format(who=who)
        text = self.text or (_("nobody") if self.kind == self.ASSIGNED else "-")
        return str(sentences.get(self.kind, "{who}: {text}")).format(who=who, text=text)

    def _describe_snooze(self, who: Any) -> str:
        moment = _show_moment(self.text)
        if moment is None:
            return str(_("{who} put it back into the inbox.")).format(who=who)
        return str(_("{who} put it off (until {moment}).")).format(who=who, moment=moment)

    def _describe_undo(self, who: Any) -> str:
        person = self.text or pgettext("begins a sentence", "Somebody")
        text = _("{who} took it back. It had been completed by: {person} ({moment}).")
        moment = _show_moment(self.data["completed"])
        return str(text).format(who=who, person=person, moment=moment)


def _show_moment(text: str) -> str | None:
    """Return an instant that was kept as a text in the time zone and words of the reader."""
    moment = parse_datetime(text) if text else None
    if moment is None:
        return None
    shown = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return date_format(shown, "SHORT_DATETIME_FORMAT")
