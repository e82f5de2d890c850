from unittest.mock import patch

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.messages import get_messages
from django.core import mail
from django.test import RequestFactory, TestCase
from django.urls import reverse

from joeflow.exceptions import TaskTaken
from joeflow.models import Task
from joeflow.testing import run
from shop.bank import bank
from shop.mails import tell
from shop.models import (
    ChargeWorkflow,
    ContractWorkflow,
    EquipmentRequest,
    ExpenseWorkflow,
    HolidayRequest,
    QuietWorkflow,
    ShippingWorkflow,
)


def make_user(name, *permissions, group=None):
    user = get_user_model().objects.create_user(name)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    if group:
        user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


class ExpenseTests(TestCase):
    def setUp(self):
        self.ada = make_user("ada", group="Approvers")
        self.bob = make_user("bob", group="Approvers")
        self.client.force_login(self.ada)
        self.client.post(reverse("expenseworkflow:claim"), {"amount": "12.50"})
        self.expense = ExpenseWorkflow.objects.get()
        self.approve = self.expense.task_set.open().get().get_absolute_url()

    def test_nobody_is_logged_in(self):
        self.client.logout()

        response = self.client.get(self.approve)

        self.assertRedirects(response, f"/admin/login/?next={self.approve}")

    def test_claimant_may_not_approve(self):
        self.assertEqual(self.client.get(self.approve).status_code, 403)
        self.assertEqual(self.client.post(self.approve, {"approved": "on"}).status_code, 403)
        self.assertNotContains(self.client.get(reverse("inbox")), self.approve)

    def test_another_one_approves(self):
        self.client.force_login(self.bob)

        self.assertContains(self.client.get(reverse("inbox")), self.approve)
        self.client.post(self.approve, {"approved": "on"})
        run(self.expense)

        self.assertEqual(self.expense.task_set.open().get().name, "pay")
        self.assertNotContains(self.client.get(reverse("inbox")), self.approve)

    def test_payment_needs_a_permission(self):
        self.client.force_login(self.bob)
        self.client.post(self.approve, {"approved": "on"})
        run(self.expense)
        pay = self.expense.task_set.open().get().get_absolute_url()

        self.assertEqual(self.client.get(pay).status_code, 403)
        self.client.force_login(make_user("eve", "change_expenseworkflow"))
        self.assertContains(self.client.get(pay), "Pay 12.50")

    def test_one_of_two_takes_it(self):
        eve = make_user("eve", group="Approvers")
        self.client.post(reverse("expenseworkflow:claim"), {"amount": "7.50"})
        task = Task.objects.get(name="approve", _workflow=ExpenseWorkflow.objects.latest("pk"))
        task.assign([self.bob, eve])
        take = reverse("take", args=[task.pk])

        self.client.force_login(self.bob)
        self.assertRedirects(self.client.post(take), reverse("inbox"))
        self.client.force_login(eve)
        self.assertEqual(self.client.post(take).status_code, 404)

        self.assertEqual([user.username for user in task.assignees.all()], ["bob"])
        self.assertNotContains(self.client.get(reverse("inbox")), "Take it")

    def test_who_comes_second_is_told_who_has_it(self):
        task = Task.objects.get(name="approve")
        task.assign([self.ada, self.bob])
        with patch.object(Task, "claim", side_effect=TaskTaken("Bob has it.")):
            response = self.client.post(reverse("take", args=[task.pk]))

        [message] = get_messages(response.wsgi_request)
        self.assertEqual(str(message), "Bob has it.")


class PagesTests(TestCase):
    def setUp(self):
        self.ada = make_user("ada", group="Approvers")
        bob = make_user("bob")
        self.client.force_login(bob)
        self.client.post(reverse("expenseworkflow:claim"), {"amount": "12.50"})
        self.client.force_login(self.ada)

    def test_desk__shows_expenses_in_a_template_of_its_own(self):
        response = self.client.get("/desk/")

        self.assertContains(response, "<title>The desk</title>")
        self.assertContains(response, "approve</a>")

    def test_desk__searches_its_own_fields(self):
        self.assertContains(self.client.get("/desk/?q=smith"), "Nothing that fits.")

    def test_inbox(self):
        self.assertContains(self.client.get("/work/", follow=True), "approve</a>")


class LinkTests(TestCase):
    def test_link_does_one_task_without_a_login(self):
        bob = make_user("bob", group="Approvers")
        bob.email = "bob@example.com"
        expense = ExpenseWorkflow.objects.create(claimant=make_user("ada"), amount=12)
        task = expense.task_set.create(name="approve", type="human", workflow=expense)
        task.assign(bob)

        tell(RequestFactory().get("/"), task, bob)
        [message] = mail.outbox
        self.client.post(message.body.replace("http://testserver", ""), {"approved": "on"})

        task.refresh_from_db()
        self.assertEqual(task.completed_by_user, bob)


class ChargeTests(TestCase):
    def test_second_attempt_charges_nothing(self):
        charge = ChargeWorkflow.start(amount=5)
        run(charge)
        task = charge.task_set.get(name="charge")

        charge.charge(task)

        self.assertEqual(len(bank.receipts), 1)


class OverridingTests(TestCase):
    def setUp(self):
        self.client.force_login(make_user("ada", "override_contractworkflow"))
        self.client.post(reverse("contractworkflow:draft"), {"text": "We agree."})
        self.contract = ContractWorkflow.objects.get()

    def test_contract_is_signed_again(self):
        self.client.post(self.contract.task_set.open().get().get_absolute_url())

        self.client.post(
            self.contract.get_override_url(), {"text": "We do.", "next_tasks": ["sign"]}
        )

        self.contract.refresh_from_db()
        self.assertEqual(self.contract.text, "We do.")
        self.assertEqual(self.contract.task_set.open().get().name, "sign")

    def test_secret_contract_is_not_shown(self):
        ContractWorkflow.objects.update(secret=True)

        self.assertEqual(self.client.get(self.contract.get_absolute_url()).status_code, 404)

    def test_views_can_be_switched_off(self):
        response = self.client.post(reverse("quietworkflow:ask"))

        quiet = QuietWorkflow.objects.get()
        self.assertEqual(response.headers["Location"], "/thanks/")
        self.assertIsNone(quiet.get_absolute_url())
        self.assertIsNone(quiet.get_override_url())


class InheritanceTests(TestCase):
    def test_each_child_has_its_own_start(self):
        self.client.post(reverse("holidayrequest:ask"), {"text": "The sea", "days": 5})
        self.client.post(reverse("equipmentrequest:ask"), {"text": "A chair"})

        self.assertEqual(HolidayRequest.objects.get().days, 5)
        self.assertEqual([name for name, _ in EquipmentRequest.get_nodes()][-1], "order")


class DiagramTests(TestCase):
    def test_mermaid(self):
        shipment = ShippingWorkflow.objects.create()

        response = self.client.get(reverse("mermaid", args=[shipment.pk]))

        self.assertContains(response, "checkout")


class SignalTests(TestCase):
    def test_somebody_is_told_of_a_failure(self):
        shipment = ShippingWorkflow.objects.create()
        task = Task.objects.create(name="has_email", type="machine", workflow=shipment)

        with self.captureOnCommitCallbacks(execute=True):
            try:
                raise ValueError("Oops.")
            except ValueError:
                task.fail()

        email = mail.outbox[0]
        self.assertEqual(email.subject, f"shipping workflow {shipment.pk} needs somebody")
        self.assertEqual(email.body, "The task has_email failed: ValueError: Oops.")


class TemplateTests(TestCase):
    def test_names_are_tried_in_this_order(self):
        shipment = ShippingWorkflow.objects.create()
        task = shipment.task_set.create(name="ship", type="human", workflow=shipment)
        self.client.force_login(make_user("ada", "override"))

        page = self.client.get(task.get_absolute_url())
        detail = self.client.get(shipment.get_absolute_url())
        override = self.client.get(shipment.get_override_url())

        self.assertEqual(
            page.context_data["view"].get_template_names(),
            [
                "shop/shippingworkflow_ship.html",
                "shop/shippingworkflow_form.html",
                "shop/workflow_form.html",
                "joeflow/workflow_form.html",
            ],
        )
        self.assertEqual(
            detail.context_data["view"].get_template_names(),
            [
                "shop/shippingworkflow_detail.html",
                "shop/workflow_detail.html",
                "joeflow/workflow_detail.html",
            ],
        )
        self.assertEqual(
            override.context_data["view"].get_template_names(),
            [
                "shop/shippingworkflow_override.html",
                "shop/workflow_override.html",
                "shop/shippingworkflow_form.html",
                "shop/workflow_form.html",
                "joeflow/workflow_override.html",
            ],
        )
