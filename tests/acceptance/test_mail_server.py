"""Mails that go through a mail server, and come back as a form that somebody fills in."""

import re
import socket
import threading
import time
from email import message_from_bytes, policy
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from aiosmtpd.controller import Controller
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from joeflow import recovery
from joeflow.mails import post
from joeflow.models import Event
from tests.mailers import use_backend
from tests.testapp.models import Voucher

SMTP = "django.core.mail.backends.smtp.EmailBackend"

pytestmark = pytest.mark.django_db(transaction=True)


class Mailbox:
    """What the mail server was given, by address."""

    def __init__(self):
        self.mails = {}

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith("gone"):
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        for address in envelope.rcpt_tos:
            self.mails.setdefault(address, []).append(message)
        return "250 OK"


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def server(mailbox, settings, live_server):
    """A mail server that is not started yet."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    use_backend(settings, SMTP, host="127.0.0.1", port=controller.port)
    settings.DEFAULT_FROM_EMAIL = "Office <office@example.com>"
    settings.JOEFLOW_BASE_URL = live_server.url
    yield controller
    if controller.loop.is_running():
        controller.stop()
    controller.loop.close()


@pytest.fixture
def running(server):
    server.start()
    return server


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def person(name):
    return get_user_model().objects.create_user(name, f"{name}@example.com")


def make_due():
    post.breaker.reset()
    Event.objects.filter(eta__isnull=False).update(eta=timezone.now())


def test_the_link_in_a_mail__is_a_form_that_asks_for_no_login(running, mailbox):
    clerk = person("clerk")
    voucher = Voucher.start(clerk=clerk, title="Honig für Jürgen\r\nBcc: all@example.com")

    [message] = mailbox.mails["clerk@example.com"]
    text = message.get_body(("plain",)).get_content()
    [url] = re.findall(r"http://\S+", text)
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    page = browser.open(url).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    data = {"title": "Mead", "csrfmiddlewaretoken": token}
    answer = browser.open(url, urlencode(data).encode()).read().decode()

    assert "is done" in answer
    voucher.refresh_from_db()
    assert voucher.title == "Mead"
    assert voucher.task_set.get(name="approve").completed_by_user == clerk


def test_what_the_server_is_given(running, mailbox):
    Voucher.start(clerk=person("clerk"), title="Honig für Jürgen\r\nBcc: all@example.com")

    assert list(mailbox.mails) == ["clerk@example.com"]
    [message] = mailbox.mails["clerk@example.com"]
    assert message["From"] == "Office <office@example.com>"
    assert message["To"] == "clerk@example.com"
    assert message["Subject"].strip().startswith("Approve: Honig für Jürgen Bcc: all@example.com (")
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.com>", message["Message-ID"])
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]


def test_one_who_is_refused__the_others_get_theirs(running, mailbox):
    team = Group.objects.create(name="Team")
    for name in ("ada", "gone", "zoe"):
        person(name).groups.add(team)

    Voucher.start(team=team)

    assert sorted(mailbox.mails) == ["ada@example.com", "zoe@example.com"]
    row = Event.objects.get(kind=Event.MAILED)
    assert (row.eta, row.text) == (None, "ada, zoe")


def test_a_server_that_is_down_for_a_while__nothing_is_lost(server, mailbox):
    Voucher.start(clerk=person("clerk"))
    Voucher.start(clerk=person("colleague"))
    server.start()

    make_due()
    recovery.sweep()

    assert sorted(mailbox.mails) == ["clerk@example.com", "colleague@example.com"]


def test_a_server_that_says_nothing__is_not_waited_for(settings, live_server, monkeypatch):
    monkeypatch.setattr("joeflow.mails.server.SOCKET_SECONDS", 2)
    tried = threading.Event()
    record = post.Post.record
    monkeypatch.setattr(post.Post, "record", lambda self: (record(self), tried.set()))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_backend(settings, SMTP, host="127.0.0.1", port=silent.getsockname()[1])

        begin = time.monotonic()
        Voucher.start(clerk=person("clerk"))
        Voucher.start(clerk=person("colleague"))
        seconds = time.monotonic() - begin

        assert tried.wait(20)
    assert seconds < 1.9
    assert Event.objects.filter(eta__isnull=False).count() == 2
