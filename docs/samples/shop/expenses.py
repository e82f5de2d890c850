"""Samples of the guides to views of one's own, and to inboxes."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import models
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views import View
from django.views.generic import CreateView, ListView

from joeflow import tasks
from joeflow.exceptions import JoeflowError
from joeflow.models import Task, Workflow
from joeflow.views import StartViewMixin


class ClaimView(LoginRequiredMixin, StartViewMixin, CreateView):
    """Notes who claims; the form does not ask for it."""

    def form_valid(self, form):
        form.instance.claimant = self.request.user
        return super().form_valid(form)


class PayView(tasks.UpdateView):
    template_name = "shop/pay.html"

    def get_success_url(self):
        return reverse("inbox")


class ExpenseWorkflow(Workflow):
    claimant = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, editable=False)
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    approved = models.BooleanField(default=False)
    reference = models.CharField(max_length=50)

    claim = ClaimView(fields=["amount"])
    approve = tasks.UpdateView(
        fields=["approved"],
        assign="get_approvers",
        permission_required="shop.change_expenseworkflow",
    )

    def is_approved(self):
        return [self.pay] if self.approved else []

    pay = PayView(fields=["reference"], permission_required="shop.change_expenseworkflow")

    edges = [
        (claim, approve),
        (approve, is_approved),
        (is_approved, pay),
    ]

    def get_approvers(self):
        """Return whom a new task "approve" is given to: not to who claims."""
        approvers = get_user_model().objects.filter(groups__name="Approvers")
        return approvers.exclude(pk=self.claimant_id)


class InboxView(LoginRequiredMixin, ListView):
    template_name = "shop/inbox.html"

    def get_queryset(self):
        tasks = Task.objects.inbox(self.request.user)
        return tasks.prefetch_related("workflow", "assignees").order_by("created")


class TakeView(LoginRequiredMixin, View):
    def post(self, request, pk):
        task = get_object_or_404(Task.objects.inbox(request.user), pk=pk)
        try:
            task.claim(request.user)
        except JoeflowError as error:  # somebody was faster, or is working on it
            messages.error(request, str(error))
        return redirect("inbox")
