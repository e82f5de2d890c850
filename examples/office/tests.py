import json
from email.message import Message
from io import StringIO

from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import call_command
from django.test import SimpleTestCase, TestCase
from shipping.models import ShippingWorkflow

from joeflow.models import Task
from office.browser import Page
from office.mail import EmailBackend
from office.management.commands.sample_data import start
from office.models import SentMail


class HomeTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        call_command("sample_data", stdout=StringIO())

    def get_home(self, username):
        self.client.force_login(get_user_model().objects.get(username=username))
        return self.client.get("/")

    def test_shows_the_graph_and_the_start_of_each_workflow(self):
        response = self.get_home("tom")

        self.assertContains(response, "<svg", count=4)
        for path in ("shipping/checkout", "welcome/start", "expenses/claim", "onboarding/hire"):
            self.assertContains(response, f'href="/{path}/"')

    def test_shows_what_is_running(self):
        response = self.get_home("tom")

        for workflow in ("shipment 1", "Train to Lisbon (189.50)", "Grace Okafor"):
            self.assertContains(response, f">{workflow}<")

    def test_shows_tasks_that_are_yours_or_nobodys(self):
        task = Task.objects.get(name="ship")
        task.assignees.add(get_user_model().objects.get(username="maria"))

        mine, others = self.get_home("maria"), self.get_home("tom")

        self.assertIn(task, mine.context["my_tasks"])
        self.assertNotIn(task, others.context["my_tasks"])
        self.assertIn("choose_buddy", [task.name for task in others.context["my_tasks"]])

    def test_costs_no_query_for_each_task(self):
        for _ in range(10):
            start(ShippingWorkflow(shipping_address="Elm 1"), user=None)
        self.get_home("tom")

        # The session, the user and what he may (two); twice open tasks and their instances.
        with self.assertNumQueries(11):
            self.client.get("/")


class SampleDataTests(TestCase):
    def test_one_task_is_late(self):
        self.run_command()

        late = Task.objects.overdue().get()
        self.assertEqual((late.name, str(late.workflow)), ("review", "Train to Lisbon (189.50)"))

    def run_command(self):
        out = StringIO()
        call_command("sample_data", stdout=out)
        return out.getvalue()

    def test_says_who_can_log_in(self):
        out = self.run_command()

        self.assertIn("Created sample people", out)
        self.assertIn("Log in with the password 'demo' as:\n  admin ", out)
        self.assertTrue(self.client.login(username="admin", password="demo"))

    def test_second_time__says_that_it_is_there(self):
        self.run_command()
        before = Task.objects.count()

        out = self.run_command()

        self.assertIn("The sample data is there already.", out)
        self.assertEqual(Task.objects.count(), before)


class MailTests(TestCase):
    def test_is_written_and_kept(self):
        out = StringIO()
        message = mail.EmailMessage("Cake", "In the kitchen.", to=["all@example.com"])

        EmailBackend(stream=out).send_messages([message])

        self.assertIn("Subject: Cake", out.getvalue())
        kept = SentMail.objects.get()
        self.assertEqual((kept.to, kept.text), ("all@example.com", "In the kitchen."))


class BrowserTests(SimpleTestCase):
    """What the walkthrough sees of a page."""

    def get_page(self, body, content_type="text/html"):
        headers = Message()
        headers["Content-Type"] = content_type
        return Page("http://demo.example/here/", 200, headers, body)

    def get_form(self, fields):
        return self.get_page(f'<form method="post">{fields}</form>').form()

    def test_words_links_and_graphs(self):
        page = self.get_page('<h1>Hi\n you</h1><svg><a xlink:href="../x/?y=1">X</a></svg>')

        self.assertEqual((page.text, page.links, page.graphs), ("Hi you X", ["/x/"], 1))

    def test_articles(self):
        page = self.get_page("<article><h2>One</h2>1</article> no <article>Two</article>")

        self.assertEqual(page.articles, ["One 1", "Two"])

    def test_json(self):
        page = self.get_page(json.dumps({"id": 1}), "application/json")

        self.assertEqual(page.json(), {"id": 1})

    def test_form__values(self):
        form = self.get_form(
            '<input name="a" value="1"><input type="submit" name="go" value="Go">'
            '<input type="checkbox" name="b"><input type="checkbox" name="c" value="x" checked>'
            '<textarea name="d">\ntext</textarea>'
        )

        self.assertEqual(form.values, {"a": ["1"], "b": [], "c": ["x"], "d": ["text"]})

    def test_form__choices_are_named_by_their_labels(self):
        form = self.get_form(
            '<select name="a"><option value="">none</option><option value="7" selected>seven'
            "</option></select>"
        )

        self.assertEqual(form.values, {"a": ["7"]})
        form.fill(a="none")
        self.assertEqual(form.values, {"a": [""]})

    def test_form__what_cannot_be_filled(self):
        form = self.get_form('<select name="a"><option value="7">seven</option></select>')

        with self.assertRaisesMessage(LookupError, "the form has no field 'b': a"):
            form.fill(b="1")
        with self.assertRaisesMessage(LookupError, "'a' offers ['seven'], not 'eight'"):
            form.fill(a="eight")

    def test_form__another_page(self):
        with self.assertRaisesMessage(LookupError, "/here/ (200) has no form for itself"):
            self.get_page("<form><input></form>").form()


class LoginTests(TestCase):
    def test_one_click_is_enough(self):
        call_command("sample_data", stdout=StringIO())
        with self.settings(DEBUG=True):
            page = self.client.get("/login/?next=/mail/")

        self.assertContains(page, '<button class="quiet"', count=5)
        shown = {"username": "nora", "password": page.context["password"], "next": "/mail/"}
        self.assertRedirects(self.client.post("/login/", shown), "/mail/")

    def test_one_click__not_where_others_can_reach_it(self):
        self.assertNotContains(self.client.get("/login/"), "nora")

    def test_program__is_told_to_log_in(self):
        response = self.client.post("/expenses/claim/", "{}", content_type="application/json")

        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.json(), {"detail": "Log in first."})
