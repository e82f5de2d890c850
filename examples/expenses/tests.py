from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import SimpleTestCase, TestCase
from django.urls import reverse

from expenses.models import ExpenseWorkflow
from joeflow import testing


class GatewayTests(SimpleTestCase):
    def test_needs_review__small(self):
        expense = ExpenseWorkflow(amount=Decimal(50))

        self.assertEqual(expense.needs_review(), [expense.pay])

    def test_needs_review__large(self):
        expense = ExpenseWorkflow(amount=Decimal("50.01"))

        self.assertEqual(expense.needs_review(), [expense.request_review])

    def test_decide(self):
        for decision, node in [("approve", "pay"), ("correct", "correct"), ("reject", "reject")]:
            with self.subTest(decision):
                expense = ExpenseWorkflow(decision=decision)

                self.assertEqual(expense.decide(), [getattr(expense, node)])


class WholeTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        create_user = get_user_model().objects.create_user
        cls.tom = create_user("tom", "tom@example.com")
        cls.maria = create_user("maria", "maria@example.com")
        cls.alex = get_user_model().objects.create_superuser("alex", "alex@example.com")
        permission = Permission.objects.get(codename="review_expense")
        cls.tom.user_permissions.add(permission)
        cls.maria.user_permissions.add(permission)

    def claim(self, amount):
        """Let Tom claim an amount, and the machines work until they wait for somebody."""
        self.client.force_login(self.tom)
        values = {"purpose": "Train", "amount": amount}
        self.client.post(reverse("expenseworkflow:claim"), values)
        expense = ExpenseWorkflow.objects.get()
        return testing.run(expense)

    def send(self, expense, name, user, **values):
        """Let somebody fill in the form of an open task."""
        self.client.force_login(user)
        task = expense.task_set.scheduled().get(name=name)
        return self.client.post(task.get_absolute_url(), values)

    def get_mail(self):
        return [(message.to, message.subject) for message in mail.outbox]

    def test_small_claim_is_paid_at_once(self):
        expense = self.claim("50.00")

        self.assertTrue(expense.paid)
        self.assertFalse(expense.task_set.open().exists())

    def test_review__assigned_to_others_only(self):
        expense = self.claim("50.01")

        task = expense.task_set.scheduled().get(name="review")
        self.assertEqual(list(task.assignees.all()), [self.maria])

    def test_review__not_by_the_claimant(self):
        expense = self.claim("50.01")

        response = self.send(expense, "review", self.tom, decision="approve")

        self.assertEqual(response.status_code, 403)
        self.assertEqual(expense.task_set.succeeded().filter(name="review").count(), 0)

    def test_review__not_without_the_permission(self):
        expense = self.claim("50.01")
        ida = get_user_model().objects.create_user("ida")

        response = self.send(expense, "review", ida, decision="approve")

        self.assertEqual(response.status_code, 403)

    def test_approve__paid(self):
        expense = self.claim("50.01")

        self.send(expense, "review", self.maria, decision="approve")
        testing.run(expense)

        self.assertTrue(expense.paid)
        self.assertEqual(self.get_mail(), [(["tom@example.com"], "Your expenses are paid")])

    def test_reject__not_paid(self):
        expense = self.claim("50.01")

        self.send(expense, "review", self.maria, decision="reject", remark="Too much.")
        testing.run(expense)

        self.assertFalse(expense.paid)
        self.assertEqual(self.get_mail(), [(["tom@example.com"], "Your expenses are not paid")])

    def test_correct__reviewed_again(self):
        expense = self.claim("80.00")

        self.send(expense, "review", self.maria, decision="correct", remark="No breakfast.")
        testing.run(expense, until="correct")
        self.send(expense, "correct", self.tom, purpose="Train", amount="70.00")
        testing.run(expense)

        self.assertEqual(expense.amount, Decimal("70.00"))
        self.assertEqual(expense.decision, "")
        self.assertTrue(expense.task_set.scheduled().filter(name="review").exists())

    def test_correct__by_the_claimant_alone(self):
        expense = self.claim("50.01")
        self.send(expense, "review", self.maria, decision="correct")
        testing.run(expense, until="correct")

        response = self.send(expense, "correct", self.maria, purpose="Cake", amount="1.00")

        self.assertEqual(response.status_code, 403)
        expense.refresh_from_db()
        self.assertEqual(expense.purpose, "Train")

    def test_correct__assigned_to_the_claimant(self):
        expense = self.claim("80.00")

        self.send(expense, "review", self.maria, decision="correct")
        testing.run(expense, until="correct")

        task = expense.task_set.scheduled().get(name="correct")
        self.assertEqual(list(task.assignees.all()), [self.tom])

    def let_pass(self, expense, **time):
        """Let time pass; the machines work."""
        with self.captureOnCommitCallbacks(execute=True):
            testing.run(testing.let_pass(expense, timedelta(**time)))

    def test_review__mail_with_a_link(self):
        with self.captureOnCommitCallbacks(execute=True):
            expense = self.claim("80.00")
        [message] = mail.outbox
        self.assertEqual(message.to, ["maria@example.com"])
        [url] = [word for word in message.body.split() if word.startswith("http://")]
        self.client.logout()

        answer = self.client.post(
            urlsplit(url).path, {"decision": "approve", "remark": ""}, follow=True
        )
        testing.run(expense)

        self.assertContains(answer, "is done")
        self.assertTrue(expense.paid)

    def test_review__reminder(self):
        expense = self.claim("80.00")

        self.let_pass(expense, days=2, hours=23, minutes=59, seconds=59)

        self.assertIn(
            (["maria@example.com"], "Review: Train (80.00) still waits for you"),
            self.get_mail(),
        )
        self.assertFalse(expense.task_set.overdue().exists())

    def test_late__small_claim_stays_and_the_head_is_told(self):
        expense = self.claim("80.00")

        self.let_pass(expense, days=3)

        self.assertIn((["alex@example.com"], "The claim of tom is late"), self.get_mail())
        self.assertEqual(expense.task_set.overdue().get().name, "review")

    def test_late__large_claim_is_decided_by_the_head(self):
        expense = self.claim("1000.00")

        self.let_pass(expense, days=3)
        self.send(expense, "review_by_head", self.alex, decision="approve")
        testing.run(expense)

        self.assertEqual(expense.task_set.canceled().get().name, "review")
        self.assertTrue(expense.paid)
