"""Send a parcel: a person orders, another one ships, and whoever gave an address is told."""

from django.core.mail import send_mail
from django.db import models

from joeflow import tasks
from joeflow.models import Workflow


class Shipment(Workflow):
    """What is known of a parcel: the state."""

    shipping_address = models.TextField()
    email = models.EmailField(blank=True)
    tracking_code = models.CharField(max_length=100)


class ShippingWorkflow(Shipment):
    """Send a parcel, and tell whoever waits for it."""

    checkout = tasks.StartView(fields=["shipping_address", "email"])
    ship = tasks.UpdateView(fields=["tracking_code"])

    def has_email(self):
        return [self.send_tracking_code] if self.email else [self.end]

    def send_tracking_code(self):
        send_mail(
            subject="Your parcel is on its way",
            message=f"Follow it with the tracking code {self.tracking_code}.",
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
        verbose_name = "shipment"
        verbose_name_plural = "shipments"
