"""Samples of the guide to mails."""

from datetime import timedelta

from django.conf import settings
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class MailedUpdateView(tasks.MailMixin, tasks.UpdateView):
    """For all tasks that people are told of by mail."""


class InvoiceWorkflow(Workflow):
    supplier = models.CharField(max_length=100)
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    is_approved = models.BooleanField(default=False)

    register = tasks.StartView(fields=["supplier", "amount", "approver"])

    approve = MailedUpdateView(
        fields=["is_approved"],
        assign=lambda invoice: invoice.approver,
        due=timedelta(days=5),
        remind=timedelta(days=1),
        mail_max_age=timedelta(days=7),
    )

    def pay(self):
        pass

    edges = [(register, approve), (approve, pay)]

    def __str__(self):
        return f"{self.supplier}, {self.amount} €"


class UrgentUpdateView(MailedUpdateView):
    """Sends to some people at once what others get with the reminder alone."""

    def get_mail(self, task, user, about):
        if about == "assigned" and not user.is_staff:
            return None
        message = super().get_mail(task, user, about)
        message.reply_to = ["accounting@example.com"]
        return message


def language_of(user):
    """Return the language of somebody's mails: what he has chosen, if he has."""
    profile = getattr(user, "profile", None)
    return profile.language if profile is not None else None
