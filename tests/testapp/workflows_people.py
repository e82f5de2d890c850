"""The smallest workflows that show whose a task is."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Purchase(Workflow):
    """The manager approves, a buyer orders, the stores receive it, anybody signs."""

    item = models.CharField(max_length=100, blank=True)
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, blank=True, null=True
    )

    start = tasks.StartView(fields=["item"], permission_required="testapp.request_purchase")
    approve = tasks.UpdateView(
        fields=["item"], permission_required="testapp.approve_purchase", assign="get_manager"
    )
    order = tasks.UpdateView(fields=["item"], permission_required="testapp.order_purchase")
    receive = tasks.UpdateView(
        fields=["item"], assign=lambda workflow: Group.objects.filter(name="Stores")
    )
    sign = tasks.UpdateView(fields=["item"])

    def end(self):
        pass

    edges = [(start, approve), (approve, order), (order, receive), (receive, sign), (sign, end)]

    class Meta:
        permissions = [
            ("request_purchase", "Can request purchases"),
            ("approve_purchase", "Can approve purchases"),
            ("order_purchase", "Can order purchases"),
        ]

    def get_manager(self):
        return self.manager
