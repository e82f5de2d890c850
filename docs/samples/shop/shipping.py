from django.core.mail import send_mail
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Shipment(Workflow):
    shipping_address = models.TextField()
    email = models.EmailField(blank=True)
    tracking_code = models.TextField()


class ShippingWorkflow(Shipment):
    checkout = tasks.StartView(fields=["shipping_address", "email"])
    ship = tasks.UpdateView(fields=["tracking_code"])

    def has_email(self):
        if self.email:
            return [self.send_tracking_code]
        return [self.end]

    def send_tracking_code(self):
        send_mail(
            subject="Your tracking code",
            message=self.tracking_code,
            from_email=None,
            recipient_list=[self.email],
        )

    def end(self):
        pass

    edges = [
        (checkout, ship),
        (ship, has_email),
        (has_email, send_tracking_code),
        (has_email, end),
        (send_tracking_code, end),
    ]

    class Meta:
        proxy = True
