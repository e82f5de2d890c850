"""The smallest sample of how to test a workflow: its machines, its people, and the whole."""

from django.contrib.auth import get_user_model
from django.core import mail
from django.test import SimpleTestCase, TestCase
from django.urls import reverse

from joeflow import testing
from welcome.models import WelcomeWorkflow


class MachineTests(SimpleTestCase):
    """A machine task is a method: call it on an instance that nobody has saved."""

    def test_has_user__user(self):
        workflow = WelcomeWorkflow(user=get_user_model()(username="ida"))

        self.assertEqual(workflow.has_user(), [workflow.send_welcome_email])

    def test_has_user__nobody(self):
        workflow = WelcomeWorkflow()

        self.assertEqual(workflow.has_user(), [workflow.end])

    def test_send_welcome_email(self):
        user = get_user_model()(username="ida", first_name="Ida", email="ida@example.com")

        WelcomeWorkflow(user=user).send_welcome_email()

        (message,) = mail.outbox
        self.assertEqual(message.to, ["ida@example.com"])
        self.assertEqual(message.body, "Good to have you here, Ida!")

    def test_send_welcome_email__no_address(self):
        workflow = WelcomeWorkflow(user=get_user_model()(username="ida"))

        with self.assertRaisesMessage(ValueError, "ida has no e-mail address."):
            workflow.send_welcome_email()


class HumanTests(TestCase):
    """The task of a person is a view: use Django's test client."""

    @classmethod
    def setUpTestData(cls):
        cls.user = get_user_model().objects.create_user("ida", "ida@example.com")

    def setUp(self):
        self.client.force_login(self.user)

    def test_start__shows_a_form(self):
        response = self.client.get(reverse("welcomeworkflow:start"))

        self.assertContains(response, "ida")

    def test_start__creates_an_instance(self):
        response = self.client.post(reverse("welcomeworkflow:start"), {"user": self.user.pk})

        workflow = WelcomeWorkflow.objects.get()
        self.assertRedirects(response, workflow.get_absolute_url())
        self.assertEqual(workflow.user, self.user)
        self.assertTrue(workflow.task_set.succeeded().filter(name="start").exists())

    def test_start__for_nobody_who_is_not_logged_in(self):
        self.client.logout()

        response = self.client.get(reverse("welcomeworkflow:start"))

        self.assertRedirects(response, "/login/?next=/welcome/start/")


class WholeTests(TestCase):
    """`joeflow.testing.run` stands in for the worker, so that all can be tested together."""

    def start(self, **values):
        user = get_user_model().objects.create_user("ida", **values)
        self.client.force_login(user)
        self.client.post(reverse("welcomeworkflow:start"), {"user": user.pk})
        return WelcomeWorkflow.objects.get()

    def test_user_is_welcomed(self):
        workflow = testing.run(self.start(email="ida@example.com"))

        self.assertFalse(workflow.task_set.open().exists())
        self.assertEqual([message.subject for message in mail.outbox], ["Welcome"])

    def test_failed_task_can_run_again(self):
        workflow = self.start()
        with self.assertRaises(ValueError):
            testing.run(workflow)
        get_user_model().objects.update(email="ida@example.com")

        workflow.task_set.failed().get().enqueue()
        testing.run(workflow)

        self.assertFalse(workflow.task_set.open().exists())
        self.assertEqual([message.to for message in mail.outbox], [["ida@example.com"]])
