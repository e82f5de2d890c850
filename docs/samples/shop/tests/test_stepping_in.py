from django.contrib.auth.models import User
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from joeflow.testing import run
from shop.models import ShippingWorkflow
from shop.stepping_in import (
    close_old_ones,
    describe_shortcut,
    go_on,
    stop_for_the_holidays,
    take_back,
)


class SteppingInTests(TestCase):
    def setUp(self):
        self.user = User.objects.create_user("ada")
        self.client.force_login(self.user)
        self.client.post(
            reverse("shippingworkflow:checkout"), {"shipping_address": "1 Main Street"}
        )
        self.shipment = ShippingWorkflow.objects.get()

    def ship(self):
        task = self.shipment.task_set.get(name="ship")
        self.client.post(task.get_absolute_url(), {"tracking_code": "T7"})
        task.refresh_from_db()
        return task

    def test_plan(self):
        self.assertEqual(
            describe_shortcut(self.shipment), "cancels ship, starts end, leaves checkout"
        )

    def test_many(self):
        old = timezone.now().replace(year=2020)
        ShippingWorkflow.objects.update(created=old)

        self.assertEqual(close_old_ones(self.user), 1)
        self.assertEqual(self.shipment.task_set.open().get().name, "end")

    def test_take_back(self):
        task = self.ship()

        self.assertEqual(take_back(task, self.user), "It is open again.")
        self.shipment.refresh_from_db()
        self.assertEqual(self.shipment.tracking_code, "")

    def test_too_late(self):
        task = self.ship()
        run(self.shipment)

        self.assertIn("has been done: has_email", take_back(task, self.user))

    def test_pause(self):
        self.ship()
        stop_for_the_holidays(self.user)
        run(self.shipment)
        self.assertFalse(self.shipment.task_set.succeeded().filter(name="has_email").exists())

        go_on(self.user)
        run(self.shipment)

        self.assertTrue(self.shipment.task_set.succeeded().filter(name="end").exists())
