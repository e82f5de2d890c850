from django.core import mail
from django.test import TestCase

from shop.models import InvoiceWorkflow
from shop.tests.test_others import make_user


class MailTests(TestCase):
    def test_approver_is_told_and_needs_no_login(self):
        ada = make_user("ada")
        ada.email = "ada@example.com"
        ada.save()

        with self.captureOnCommitCallbacks(execute=True):
            form = {"supplier": "Honey Ltd", "amount": "12", "approver": ada.pk}
            self.client.post("/invoices/register/", form)

        [message] = mail.outbox
        self.assertIn("Honey Ltd sent us an invoice of 12.00 €.", message.body)
        [url] = [line for line in message.body.split() if line.startswith("https://shop.example/")]
        self.client.post(url.removeprefix("https://shop.example"), {"is_approved": "on"})
        self.assertTrue(InvoiceWorkflow.objects.get().is_approved)
