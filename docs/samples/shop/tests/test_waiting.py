from django.core import mail
from django.test import TestCase
from django.urls import reverse

from joeflow.testing import run
from shop.models import PaymentWorkflow


class PaymentTests(TestCase):
    def setUp(self):
        self.payment = PaymentWorkflow.start(email="ada@example.com")

    def test_who_does_not_pay_is_reminded_after_three_days(self):
        run(self.payment, until="remind")
        run(self.payment)

        self.assertEqual(mail.outbox[0].subject, "Your bill")

    def test_payment_is_waited_for(self):
        run(self.payment)

        self.assertEqual(self.payment.task_set.open().get().name, "is_paid")

    def test_who_pays_gets_it_at_once(self):
        run(self.payment, until=lambda payment: payment.task_set.filter(name="remind").exists())
        self.client.post(
            reverse("paid"), {"reference": self.payment.pk}, content_type="application/json"
        )

        run(self.payment)

        self.assertTrue(self.payment.task_set.succeeded().filter(name="deliver").exists())
