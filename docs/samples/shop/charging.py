"""Samples of the guide to doing things once."""

from django.db import models

from joeflow import tasks
from joeflow.models import Workflow
from shop.bank import bank


class ChargeWorkflow(Workflow):
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    receipt = models.CharField(max_length=50, blank=True)

    start = tasks.Start()

    def charge(self, task):
        self.receipt = bank.charge(self.amount, idempotency_key=f"charge-{task.pk}")
        self.save(update_fields=["receipt"])

    edges = [(start, charge)]
