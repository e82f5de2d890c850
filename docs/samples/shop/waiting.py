"""Samples of the guide to waiting."""

import json
from datetime import timedelta

from django.core.mail import send_mail
from django.db import models
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from joeflow import tasks
from joeflow.models import Workflow


class PaymentWorkflow(Workflow):
    email = models.EmailField()
    paid = models.BooleanField(default=False)

    start = tasks.Start()

    def is_paid(self):
        return self.paid

    wait = tasks.Wait(timedelta(days=3))

    def remind(self):
        if not self.paid:
            send_mail("Your bill", "Please pay it.", None, [self.email])

    def deliver(self):
        pass

    edges = [
        (start, is_paid),
        (start, wait),
        (is_paid, deliver),
        (wait, remind),
    ]


@csrf_exempt
@require_POST
def payment_webhook(request):
    """The payment service tells us that somebody has paid."""
    payment = get_object_or_404(PaymentWorkflow, pk=json.loads(request.body)["reference"])
    payment.paid = True
    payment.save(update_fields=["paid"])
    payment.wake()
    return HttpResponse(status=204)
