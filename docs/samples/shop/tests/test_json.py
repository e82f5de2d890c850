from django.contrib.auth import get_user_model
from django.test import Client, TestCase
from django.urls import reverse

from shop.models import ExpenseWorkflow, ShippingWorkflow

ORDER = {"shipping_address": "1 Main Street", "email": "ada@example.com"}


class JSONTests(TestCase):
    def post(self, url, data):
        return self.client.post(url, data, content_type="application/json")

    def setUp(self):
        self.started = self.post(reverse("shippingworkflow:checkout"), ORDER)
        self.shipment = ShippingWorkflow.objects.get()
        self.task = self.shipment.task_set.open().get()
        self.ship = self.task.get_absolute_url()

    def test_start(self):
        self.assertEqual(self.started.status_code, 201)
        self.assertEqual(
            self.started.json(),
            {
                "id": self.shipment.pk,
                "url": f"/shipping/{self.shipment.pk}/",
                "ended": False,
                "tasks": [
                    {
                        "id": self.task.pk,
                        "name": "ship",
                        "type": "human",
                        "status": "scheduled",
                        "url": f"/shipping/ship/{self.task.pk}/",
                    }
                ],
            },
        )

    def test_update(self):
        response = self.post(self.ship, {"tracking_code": "T7"})

        self.assertEqual(response.status_code, 200)
        self.assertIsNone(response.json()["tasks"][0]["url"])

    def test_no_json(self):
        self.assertEqual(self.post(self.ship, "{").status_code, 400)

    def test_nobody_is_logged_in(self):
        response = self.post(reverse("expenseworkflow:claim"), {"amount": "1"})

        self.assertEqual(response.status_code, 401)

    def test_somebody_may_not(self):
        self.client.force_login(get_user_model().objects.create(username="ada"))
        self.post(reverse("expenseworkflow:claim"), {"amount": "1"})
        approve = ExpenseWorkflow.objects.get().task_set.open().get()

        response = self.post(approve.get_absolute_url(), {"approved": True})

        self.assertEqual(response.status_code, 403)

    def test_no_such_task(self):
        response = self.post(reverse("shippingworkflow:ship", args=[0]), {})

        self.assertEqual(response.status_code, 404)
        self.assertEqual(list(response.json()), ["detail"])

    def test_closed(self):
        self.post(self.ship, {"tracking_code": "T7"})

        posted = self.post(self.ship, {"tracking_code": "T8"})
        seen = self.client.get(self.ship, content_type="application/json")

        self.assertEqual((posted.status_code, seen.status_code), (409, 410))

    def test_invalid(self):
        response = self.post(self.ship, {"tracking_code": "", "weight": 7})

        self.assertEqual(response.status_code, 422)
        self.assertEqual(set(response.json()["errors"]), {"tracking_code", "weight"})

    def test_csrf(self):
        client = Client(enforce_csrf_checks=True)

        response = client.post(self.ship, {}, content_type="application/json")

        self.assertEqual(response.status_code, 403)


class URLTests(TestCase):
    def test_urls(self):
        self.assertEqual(reverse("shippingworkflow:checkout"), "/shipping/checkout/")
        self.assertEqual(reverse("shippingworkflow:ship", args=[7]), "/shipping/ship/7/")
        self.assertEqual(reverse("shippingworkflow:detail", kwargs={"pk": 1}), "/shipping/1/")
        self.assertEqual(reverse("shippingworkflow:override", args=[1]), "/shipping/1/override")
