"""What somebody may try with what is not theirs, and text that must stay text."""

import json

import pytest
from django.db import connection
from django.test import Client

from joeflow import engine
from joeflow.models import Task
from tests.testapp.models import Failing, GreetingWorkflow, Loan, Sheet

pytestmark = pytest.mark.django_db

EVIL = "https://evil.example/"
SCRIPT = "<script>alert(1)</script>\"'><svg/onload=alert(1)>"
CLICKJACKING = "django.middleware.clickjacking.XFrameOptionsMiddleware"


@pytest.fixture
def check_note(db):
    workflow = GreetingWorkflow.objects.create(note="Old", count=7)
    return Task.objects.create(name="check_note", type="human", workflow=workflow)


def post_json(client, url, **values):
    return client.post(url, json.dumps(values), content_type="application/json")


def test_task_of_another_class_with_the_same_key__is_not_found(boss, check_note):
    """The key is that of an open task, the address that of another class."""
    sheet = Sheet.start(text="Old")

    for send in (boss.post, lambda url, values: post_json(boss, url, **values)):
        response = send(f"/sheet/fill/{check_note.pk}/", {"text": "New"})
        assert response.status_code == 404

    sheet.refresh_from_db()
    check_note.refresh_from_db()
    assert (sheet.text, check_note.status) == ("Old", Task.SCHEDULED)


def test_task_of_another_instance_in_the_body__is_no_help(boss, check_note):
    other = GreetingWorkflow.objects.create(note="Other")
    names = ("id", "pk", "workflow", "workflow_ptr", "_workflow_id", "object_id", "greeting_ptr")

    boss.post(check_note.get_absolute_url(), {"note": "New", **dict.fromkeys(names, other.pk)})

    other.refresh_from_db()
    assert other.note == "Other"
    assert GreetingWorkflow.objects.get(pk=check_note._workflow_id).note == "New"


def test_fields_that_the_form_does_not_offer__are_not_written(boss, check_note, admin_user):
    names = {"count": 99, "user": admin_user.pk, "_ended": "2020-01-01", "status": "failed"}

    boss.post(check_note.get_absolute_url(), {"note": "New", "created": "2020-01-01", **names})

    workflow = GreetingWorkflow.objects.get()
    assert (workflow.note, workflow.count, workflow.user) == ("New", 7, None)
    assert workflow.created.year > 2020


def test_fields_that_the_form_does_not_offer__json__says_so(boss, check_note):
    response = post_json(boss, check_note.get_absolute_url(), note="New", count=99)

    assert response.status_code == 422
    assert list(response.json()["errors"]) == ["count"]
    assert GreetingWorkflow.objects.get().note == "Old"


@pytest.mark.parametrize("name", ["next", "success_url", "redirect", "return", "_popup"])
@pytest.mark.parametrize("target", [EVIL, "//evil.example", "javascript:alert(1)"])
def test_form__redirects_nowhere_else(boss, check_note, name, target):
    url = check_note.get_absolute_url()

    response = boss.post(
        f"{url}?{name}={target}",
        {"note": "New", name: target},
        headers={"referer": EVIL, "host": "evil.example", "x-forwarded-host": "evil.example"},
    )

    assert response.status_code == 302
    assert response.url == f"/greeting/{check_note._workflow_id}/"


@pytest.mark.parametrize("target", [EVIL, "//evil.example"])
def test_override__redirects_nowhere_else(boss, check_note, target):
    url = check_note.workflow.get_override_url()

    response = boss.post(f"{url}?next={target}", {"count": 7, "next": target})

    assert response.url == f"/greeting/{check_note._workflow_id}/"


@pytest.mark.parametrize("path", ["//evil.example/", "/%2F/evil.example/", "/\\evil.example/"])
def test_admin_list__redirects_to_itself(boss, path):
    response = boss.post(f"/admin/testapp/loan/?next={path}", {"action": "delete_selected"})

    assert response.url.startswith("/admin/testapp/loan/")


@pytest.mark.parametrize("page", ["form", "start", "override"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
def test_csrf__is_asked_for_whatever_is_sent(check_note, admin_user, page, content_type):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    url = {
        "form": check_note.get_absolute_url(),
        "start": "/greeting/start/",
        "override": check_note.workflow.get_override_url(),
    }[page]
    options = {"content_type": content_type} if content_type else {}

    response = client.post(url, '{"note": "New"}' if content_type else {"note": "New"}, **options)

    check_note.refresh_from_db()
    assert response.status_code == 403
    assert check_note.status == Task.SCHEDULED
    assert list(GreetingWorkflow.objects.values_list("note", flat=True)) == ["Old"]


def test_clickjacking__header_is_left_intact(check_note, admin_user, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, CLICKJACKING]
    client = Client()
    client.force_login(admin_user)
    closed = Task.objects.create(name="check_note", type="human", workflow=check_note.workflow)
    closed.cancel()

    urls = [
        "/greeting/start/",
        check_note.get_absolute_url(),
        f"/greeting/check_note/{closed.pk}/",
        check_note.workflow.get_absolute_url(),
        check_note.workflow.get_override_url(),
        "/admin/joeflow/task/",
        f"/admin/joeflow/task/{check_note.pk}/change/",
    ]
    for url in urls:
        assert client.get(url)["X-Frame-Options"] == "DENY", url


class TestText:
    """Whatever a person or an exception has put somewhere is text on every page."""

    @pytest.fixture
    def nasty(self, monkeypatch, django_user_model):
        monkeypatch.setattr(GreetingWorkflow, "__str__", lambda self: SCRIPT)
        monkeypatch.setattr(Loan, "__str__", lambda self: SCRIPT)
        who = django_user_model.objects.create_user(username=SCRIPT[:100])
        greeting = GreetingWorkflow.objects.create(note=SCRIPT, user=who)
        loan = Loan.objects.create(borrower=SCRIPT[:50], note=SCRIPT, data={SCRIPT: SCRIPT})
        for workflow in (greeting, loan):
            values = {"type": "machine", "workflow": workflow, "exception": SCRIPT}
            values["stacktrace"] = f"Traceback\n{SCRIPT}"
            Task.objects.create(name=SCRIPT, status=Task.FAILED, **values)
            done = Task.objects.create(name="check_note", type="human", workflow=workflow)
            done.finish(who)
        self.done = done
        return greeting, loan

    def test_pages(self, boss, nasty):
        greeting, loan = nasty
        task = greeting.task_set.get(name="check_note")
        failed = loan.task_set.get(name=SCRIPT)
        urls = [
            greeting.get_absolute_url(),
            greeting.get_override_url(),
            f"/greeting/check_note/{task.pk}/",
            "/greeting/start/",
            "/admin/joeflow/task/",
            f"/admin/joeflow/task/{failed.pk}/change/",
            f"/admin/joeflow/task/{task.pk}/change/",
            "/admin/testapp/loan/",
            f"/admin/testapp/loan/{loan.pk}/change/",
            f"/admin/testapp/loan/{loan.pk}/delete/",
            f"/admin/testapp/loan/{loan.pk}/history/",
        ]
        for url in urls:
            response = boss.get(url)
            assert response.status_code in {200, 410}, url
            assert "<script>alert" not in response.text, url
            assert "<svg/onload" not in response.text, url

    @pytest.mark.parametrize("url", ["/greeting/start/?note={}", "/greeting/{}/"])
    def test_addresses(self, boss, url):
        assert "<script>alert" not in boss.get(url.format(SCRIPT)).text

    def test_form_that_is_refused(self, boss, check_note):
        response = boss.post("/greeting/start/", {"note": SCRIPT, "user": SCRIPT})

        assert response.status_code == 200
        assert "<script>alert" not in response.text

    def test_json_is_no_page(self, boss):
        response = post_json(boss, "/greeting/start/", **{SCRIPT: SCRIPT})

        assert response["Content-Type"] == "application/json"
        assert response.status_code == 422

    def test_messages_of_the_admin(self, boss):
        response = boss.get(f"/admin/testapp/loan/{SCRIPT}/change/", follow=True)

        assert "<script>alert" not in response.text

    def test_mermaid(self, nasty):
        text = nasty[0].get_instance_graph_mermaid()

        assert "#60;script#62;alert" in text
        assert "<" not in text
        assert '"><' not in text

    def test_mermaid_on_a_page(self, boss, nasty, monkeypatch):
        from joeflow.exceptions import RendererMissing

        def fail(self):
            raise RendererMissing("No program.")

        monkeypatch.setattr(GreetingWorkflow, "get_instance_graph_svg", fail)

        assert "<script>alert" not in boss.get(nasty[0].get_absolute_url()).text


def test_traceback__holds_no_values(behave_badly):
    """Neither local variables nor arguments: only lines of code, and the message."""
    task = behave_badly

    assert "ZeroDivisionError" in task.exception
    for text in (task.exception, task.stacktrace):
        assert "hunter2" not in text


@pytest.fixture
def behave_badly(monkeypatch):
    secret = "".join(["hunt", "er2"])

    def use(workflow, password=secret):
        token = f"token {password}"
        return len(token) / 0

    monkeypatch.setattr(Failing, "behavior", use)
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")
    with pytest.raises(ZeroDivisionError):
        engine.run(task.pk, workflow.pk)
    task.refresh_from_db()
    return task


@pytest.mark.parametrize("seen", ["1,2,3", "-1", str(2**63), "9" * 4000, "٣", "\x00", ",,,", "0"])
def test_override__open_tasks_that_are_none__changes_nothing(boss, check_note, seen):
    data = {"count": 8, "note": "New", "open_tasks": seen, "next_tasks": ["end"]}

    response = boss.post(check_note.workflow.get_override_url(), data)

    check_note.refresh_from_db()
    if seen == ",,,":  # which is: no task was open
        assert response.status_code == 409
    assert response.status_code in {200, 409}
    assert check_note.status == Task.SCHEDULED
    assert GreetingWorkflow.objects.get().note == "Old"


@pytest.mark.parametrize("chosen", [["start"], ["save"], ["delete"], ["__class__"], [""], ["a\0"]])
def test_override__next_tasks_that_are_none__changes_nothing(boss, check_note, chosen):
    data = {"count": 8, "open_tasks": check_note.pk, "next_tasks": chosen}

    response = boss.post(check_note.workflow.get_override_url(), data)

    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["next_tasks"]
    assert GreetingWorkflow.objects.get().count == 7
    assert not connection.needs_rollback
