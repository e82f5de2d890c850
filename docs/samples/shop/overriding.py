"""Samples of the guide to overriding."""

from django.db import models

from joeflow import tasks
from joeflow.models import Workflow
from joeflow.views import OverrideView, WorkflowDetailView


class ContractDetailView(WorkflowDetailView):
    def get_queryset(self):
        return super().get_queryset().filter(secret=False)


class ContractOverrideView(OverrideView):
    fields = ["text"]


class ContractWorkflow(Workflow):
    text = models.TextField()
    secret = models.BooleanField(default=False)

    detail_view = ContractDetailView
    override_view = "shop.overriding.ContractOverrideView"

    draft = tasks.StartView(fields=["text"])
    sign = tasks.UpdateView(fields=[])

    edges = [(draft, sign)]

    class Meta:
        permissions = [("override_contractworkflow", "Can override a contract.")]


class QuietWorkflow(Workflow):
    detail_view = None
    override_view = None

    ask = tasks.StartView(fields=[], success_url="/thanks/")

    def work(self):
        pass

    edges = [(ask, work)]
