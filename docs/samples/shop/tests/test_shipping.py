from django.core import mail
from django.test import SimpleTestCase, TestCase
from django.urls import reverse

from joeflow.testing import run
from shop.models import ShippingWorkflow


class MachineTaskTests(SimpleTestCase):
    def test_customer_with_an_address_is_told(self):
        shipment = ShippingWorkflow(email="ada@example.com")

        self.assertEqual(shipment.has_email(), [shipment.send_tracking_code])

    def test_customer_without_an_address_is_not_told(self):
        shipment = ShippingWorkflow()

        self.assertEqual(shipment.has_email(), [shipment.end])

    def test_tracking_code_is_sent(self):
        shipment = ShippingWorkflow(email="ada@example.com", tracking_code="T7")

        shipment.send_tracking_code()

        self.assertEqual(mail.outbox[0].body, "T7")


class HumanTaskTests(TestCase):
    def test_ship_notes_the_tracking_code(self):
        shipment = ShippingWorkflow.objects.create(shipping_address="1 Main Street")
        task = shipment.task_set.create(name="ship", type="human", workflow=shipment)

        self.client.post(reverse("shippingworkflow:ship", args=[task.pk]), {"tracking_code": "T7"})

        shipment.refresh_from_db()
        self.assertEqual(shipment.tracking_code, "T7")
        self.assertTrue(shipment.task_set.succeeded().filter(name="ship").exists())


class WholeWorkflowTests(TestCase):
    def test_parcel_is_sent(self):
        self.client.post(
            reverse("shippingworkflow:checkout"),
            {"shipping_address": "1 Main Street", "email": "ada@example.com"},
        )
        shipment = ShippingWorkflow.objects.get()
        ship = shipment.task_set.scheduled().get()
        self.client.post(ship.get_absolute_url(), {"tracking_code": "T7"})

        run(shipment)

        names = shipment.task_set.order_by("pk").values_list("name", flat=True)
        self.assertEqual(
            list(names), ["checkout", "ship", "has_email", "send_tracking_code", "end"]
        )
        self.assertFalse(shipment.task_set.open().exists())
        self.assertEqual(mail.outbox[0].to, ["ada@example.com"])
