from django.contrib.auth import get_user_model
from django.core import mail
from django.test import SimpleTestCase, TestCase
from django.urls import reverse

from joeflow import testing
from shipping.models import ShippingWorkflow


class MachineTests(SimpleTestCase):
    def test_has_email__address(self):
        workflow = ShippingWorkflow(email="li@example.com")

        self.assertEqual(workflow.has_email(), [workflow.send_tracking_code])

    def test_has_email__no_address(self):
        workflow = ShippingWorkflow()

        self.assertEqual(workflow.has_email(), [workflow.end])

    def test_send_tracking_code(self):
        ShippingWorkflow(email="li@example.com", tracking_code="A-17").send_tracking_code()

        (message,) = mail.outbox
        self.assertEqual(message.to, ["li@example.com"])
        self.assertEqual(message.body, "Follow it with the tracking code A-17.")


class WholeTests(TestCase):
    def setUp(self):
        self.client.force_login(get_user_model().objects.create_user("ida"))

    def order(self, **values):
        values["shipping_address"] = "Elm 1"
        self.client.post(reverse("shippingworkflow:checkout"), values)
        return ShippingWorkflow.objects.get()

    def ship(self, workflow):
        task = workflow.task_set.scheduled().get(name="ship")
        return self.client.post(task.get_absolute_url(), {"tracking_code": "A-17"})

    def test_ship__shows_the_address(self):
        workflow = self.order()

        response = self.client.get(workflow.task_set.scheduled().get().get_absolute_url())

        self.assertContains(response, "Elm 1")

    def test_whoever_gave_an_address_is_told(self):
        workflow = self.order(email="li@example.com")

        self.ship(workflow)
        testing.run(workflow)

        self.assertFalse(workflow.task_set.open().exists())
        self.assertEqual([message.to for message in mail.outbox], [["li@example.com"]])

    def test_nobody_is_told_without_an_address(self):
        workflow = self.order()

        self.ship(workflow)
        testing.run(workflow)

        self.assertFalse(workflow.task_set.open().exists())
        self.assertEqual(mail.outbox, [])

    def test_ship__only_once(self):
        workflow = self.order()
        url = workflow.task_set.scheduled().get().get_absolute_url()

        self.ship(workflow)
        response = self.client.post(url, {"tracking_code": "B-18"})

        self.assertContains(response, "ida completed the task", status_code=409)
        workflow.refresh_from_db()
        self.assertEqual(workflow.tracking_code, "A-17")
