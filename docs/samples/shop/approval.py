"""Samples of the guide to deadlines."""

from datetime import timedelta

from django.core.mail import send_mail
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class LoanWorkflow(Workflow):
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    is_granted = models.BooleanField(default=False)

    start = tasks.Start()

    decide = tasks.UpdateView(
        fields=["is_granted"],
        due=timedelta(days=3),
        remind=timedelta(days=1),
        overdue="escalate",
    )

    def escalate(self):
        if self.amount < 1000:
            send_mail("A loan waits", f"{self} is late.", None, ["boss@example.com"])
            return None  # it is late, and stays where it is
        return [self.decide_by_board]

    decide_by_board = tasks.UpdateView(fields=["is_granted"], due="get_next_meeting")

    def pay_out(self):
        pass

    edges = [
        (start, decide),
        (decide, pay_out),
        (escalate, decide_by_board),
        (decide_by_board, pay_out),
    ]

    def get_next_meeting(self):
        """Return the time until the board must have decided."""
        return timedelta(days=14)
