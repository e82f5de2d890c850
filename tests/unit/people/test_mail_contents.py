"""What the mails say that tell people of their tasks, and where their links lead."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone, translation

from joeflow.models import Event, Task
from joeflow.tasks.mail import base_url
from tests.testapp.models import Voucher

pytestmark = pytest.mark.django_db

SIGNED = re.compile(r"https://office\.example(/voucher/approve/signed/\S+/)")


@pytest.fixture
def approve(clerk):
    """A task that was given to the clerk."""
    return Voucher.start(clerk=clerk).task_set.get(name="approve")


def write(task, user):
    return Voucher.approve.get_mail(task, user, "assigned")


class TestContent:
    def test_text_first__then_html_with_the_same_words(self, approve, clerk):
        message = write(approve, clerk)

        [alternative] = message.alternatives
        url = SIGNED.search(message.body)[0]
        assert alternative.mimetype == "text/html"
        assert f'<a href="{url}"' in alternative.content
        assert '<html lang="en-us" dir="ltr">' in alternative.content

    def test_it_says_that_no_person_wrote_it(self, clerk, committed):
        committed(Voucher.start, clerk=clerk)

        assert mail.outbox[0].message()["Auto-Submitted"] == "auto-generated"

    def test_a_name_with_a_line_break__is_no_header(self, approve, clerk):
        approve.workflow.title = "Honey\r\nBcc: everybody@example.com"

        message = write(approve, clerk)

        assert "\n" not in message.subject
        assert message.message()["Bcc"] is None

    def test_a_name_with_markup__is_text(self, approve, clerk):
        approve.workflow.title = "<b>Tom & Jerry</b>"

        message = write(approve, clerk)

        assert "<b>Tom & Jerry</b>" in message.subject
        assert "<b>Tom & Jerry</b>" in message.body
        assert "<b>" not in message.alternatives[0].content

    def test_a_name_with_a_url__is_no_link(self, approve, clerk):
        approve.workflow.title = "https://evil.example/ www.evil.example evil@evil.example"

        message = write(approve, clerk)

        content = message.alternatives[0].content
        assert "https://evil.example/ www.evil.example" in content
        assert re.findall(r'href="([^"]*)"', content) == [SIGNED.search(message.body)[0]]

    def test_a_url_with_an_ampersand__leads_there(self, approve, clerk, monkeypatch):
        monkeypatch.setattr(Voucher.approve, "get_mail_path", lambda *args: "/?a=<b>&c=d")

        message = write(approve, clerk)

        assert (
            'href="https://office.example/?a=&lt;b&gt;&amp;c=d"' in message.alternatives[0].content
        )

    def test_it_is_in_the_language_of_whom_it_is_for(self, clerk, committed, settings, monkeypatch):
        settings.JOEFLOW_MAIL_LANGUAGE = f"{__name__}.speak_german"
        seen = []
        monkeypatch.setattr(
            Voucher.approve, "get_mail", lambda *args: seen.append(translation.get_language())
        )

        with translation.override("fr"):
            committed(Voucher.start, clerk=clerk)

        assert seen == ["de"]

    def test_without_that__in_the_project_s_and_not_in_who_is_asking_s(self, clerk):
        assert Voucher.approve.get_mail_language(clerk) == "en-us"

    def test_templates_of_the_project__come_first(self, approve, clerk, settings, tmp_path):
        folder = tmp_path / "testapp" / "mail"
        folder.mkdir(parents=True)
        (folder / "voucher_approve_assigned.txt").write_text("Ours: {{ url }}")
        (folder / "voucher_assigned_subject.txt").write_text("Voucher")
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

        message = write(approve, clerk)

        assert message.subject == "Voucher"
        assert message.body.startswith("Ours: https://")
        assert "Ours:" in message.alternatives[0].content

    def test_the_names_of_templates(self):
        assert Voucher.approve.get_mail_template_names("assigned", ".txt") == [
            "testapp/mail/voucher_approve_assigned.txt",
            "testapp/mail/voucher_assigned.txt",
            "testapp/mail/workflow_assigned.txt",
            "joeflow/mail/assigned.txt",
        ]

    def test_a_link_to_the_login(self, approve, clerk, monkeypatch):
        monkeypatch.setattr(Voucher.approve, "mail_link", "login")

        message = write(approve, clerk)

        assert f"https://office.example/voucher/approve/{approve.pk}/\n" in message.body
        assert "signed" not in message.body
        assert "no login" not in message.body

    def test_a_path_with_further_parts__leads_to_the_instance(self, approve, clerk, monkeypatch):
        monkeypatch.setattr(Voucher.approve, "mail_link", "login")
        monkeypatch.setattr(Task, "get_absolute_url", lambda task: None)

        message = write(approve, clerk)

        assert f"https://office.example/voucher/{approve._workflow_id}/\n" in message.body

    def test_how_long_the_link_can_be_used(self, approve, clerk, monkeypatch):
        monkeypatch.setattr(Voucher.approve, "mail_max_age", timedelta(days=30))

        context = Voucher.approve.get_mail_context(approve, clerk, "assigned")

        assert context["expires"] > timezone.now() + timedelta(days=29)

    def test_a_sender_of_its_own(self, approve, clerk, monkeypatch):
        monkeypatch.setattr(Voucher.approve, "mail_from", "office@example.com")

        assert write(approve, clerk).from_email == "office@example.com"


def speak_german(user):
    return "de"


class TestBaseUrl:
    def test_the_setting(self, settings):
        settings.JOEFLOW_BASE_URL = "http://intranet:8000/"

        assert base_url() == "http://intranet:8000"

    def test_neither__an_error_says_what_to_do(self, settings):
        settings.JOEFLOW_BASE_URL = None

        with pytest.raises(ImproperlyConfigured, match="set JOEFLOW_BASE_URL, like"):
            base_url()

    def test_neither__the_transition_is_none_the_worse_and_the_mail_waits(
        self, settings, clerk, committed, caplog
    ):
        settings.JOEFLOW_BASE_URL = None

        committed(Voucher.start, clerk=clerk)

        assert mail.outbox == []
        assert "set JOEFLOW_BASE_URL" in caplog.text
        assert Event.objects.get(kind=Event.MAILED).eta is not None

    def test_the_sites_framework(self, settings, monkeypatch):
        site = SimpleNamespace(domain="shop.example")
        model = SimpleNamespace(objects=SimpleNamespace(get_current=lambda: site))
        settings.JOEFLOW_BASE_URL = None
        settings.SITE_ID = 1
        monkeypatch.setattr("joeflow.tasks.mail.apps.is_installed", lambda name: True)
        monkeypatch.setattr("joeflow.tasks.mail.apps.get_model", lambda *names: model)

        assert base_url() == "https://shop.example"


class TestCheck:
    def ids(self):
        return [(message.id, message.msg, message.hint) for message in Voucher.approve.check()]

    def test_all_is_well(self):
        assert self.ids() == []

    def test_nothing_says_where_the_site_is(self, settings):
        settings.JOEFLOW_BASE_URL = None

        assert self.ids() == [
            (
                "joeflow.E041",
                "testapp.Voucher.approve sends mails, but nothing says where the site is.",
                'Set JOEFLOW_BASE_URL, like "https://shop.example", or use django.contrib.sites.',
            )
        ]

    @pytest.mark.parametrize(
        ("name", "value", "problem"),
        [
            ("path", "<str:x>/", "has the path '<str:x>/', with which no link can be signed"),
            ("mail_link", "none", "has mail_link='none'"),
            ("is_start", True, "sends mails, but a start is never somebody's"),
        ],
    )
    def test_a_link_that_cannot_be(self, monkeypatch, name, value, problem):
        monkeypatch.setattr(Voucher.approve, name, value)

        ids = [(id_, message) for id_, message, _ in self.ids() if id_ == "joeflow.E042"]
        assert ids == [("joeflow.E042", f"testapp.Voucher.approve {problem}.")]
