"""Samples of the guides to views of one's own, and to inboxes."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.views.generic import CreateView, ListView

from joeflow import tasks
from joeflow.models import Task, Workflow
from joeflow.views import StartViewMixin


class ClaimView(LoginRequiredMixin, StartViewMixin, CreateView):
    """Notes who claims; the form does not ask for it."""

    def form_valid(self, form):
        form.instance.claimant = self.request.user
        return super().form_valid(form)


class ApproveView(LoginRequiredMixin, tasks.UpdateView):
    def create_task(self, workflow, prev_task):
        task = super().create_task(workflow, prev_task)
        approvers = get_user_model().objects.filter(groups__name="Approvers")
        task.assignees.set(approvers.exclude(pk=workflow.claimant_id))
        return task

    def get_task(self):
        task = super().get_task()
        if not task.assignees.filter(pk=self.request.user.pk).exists():
            raise PermissionDenied
        return task


class PayView(PermissionRequiredMixin, tasks.UpdateView):
    permission_required = "shop.change_expenseworkflow"


class ExpenseWorkflow(Workflow):
    claimant = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, editable=False)
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    approved = models.BooleanField(default=False)
    reference = models.CharField(max_length=50)

    claim = ClaimView(fields=["amount"])
    approve = ApproveView(fields=["approved"])

    def is_approved(self):
        return [self.pay] if self.approved else []

    pay = PayView(fields=["reference"], template_name="shop/pay.html")

    edges = [
        (claim, approve),
        (approve, is_approved),
        (is_approved, pay),
    ]


class InboxView(LoginRequiredMixin, ListView):
    template_name = "shop/inbox.html"

    def get_queryset(self):
        mine = Task.objects.open().filter(type=tasks.HUMAN, assignees=self.request.user)
        return mine.prefetch_related("workflow").order_by("created")
