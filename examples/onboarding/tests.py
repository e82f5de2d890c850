from django.contrib.auth import get_user_model
from django.core import mail
from django.test import TestCase
from django.urls import reverse

from joeflow import testing
from onboarding.models import OnboardingWorkflow


class WholeTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.user = get_user_model().objects.create_user("otto", first_name="Otto")

    def setUp(self):
        self.client.force_login(self.user)
        values = {"full_name": "Ada Bell", "email": "ada@example.com"}
        self.client.post(reverse("onboardingworkflow:hire"), values)
        self.workflow = OnboardingWorkflow.objects.get()

    def do(self, name, **values):
        """Fill in the form of a task, then let the machines work."""
        task = self.workflow.task_set.scheduled().get(name=name)
        self.client.post(task.get_absolute_url(), values)
        testing.run(self.workflow)

    def get_open(self):
        return set(self.workflow.task_set.open().values_list("name", flat=True))

    def test_hire__starts_all_branches(self):
        self.assertEqual(
            self.get_open(), {"create_account", "tell_office", "order_laptop", "choose_buddy"}
        )

    def test_machines_do_not_wait_for_people(self):
        testing.run(self.workflow)

        self.assertEqual(self.workflow.account, "ada-bell")
        self.assertEqual([message.subject for message in mail.outbox], ["Ada Bell joins us"])

    def test_join__waits_for_all(self):
        self.do("order_laptop", laptop="Lovelace 15")

        self.assertEqual(self.get_open(), {"choose_buddy", "all_ready"})

    def test_join__goes_on_once(self):
        self.do("order_laptop", laptop="Lovelace 15")
        self.do("choose_buddy", buddy=self.user.pk)

        self.assertEqual(self.get_open(), set())
        self.assertEqual(self.workflow.task_set.filter(name="all_ready").count(), 1)
        self.assertEqual(
            mail.outbox[-1].body,
            "Your account is ada-bell, your Lovelace 15 is ready, and Otto will show you around.",
        )
