"""A deadlock that the database ends at the cost of a person or a wake: nobody gets an error."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection, connections, transaction
from django.test import Client

from joeflow import querysets, testing
from joeflow.locks import taken_as_instance_locked
from joeflow.models import Task, Workflow
from tests.integration.conftest import LIMIT
from tests.testapp.models import Gateway, GreetingWorkflow

BUSY = "Somebody else is working on this at the moment. Please try again"


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def win_deadlocks():
    """Let the other transaction be the one that the database gives up."""
    if connection.vendor == "postgresql":
        execute("SET LOCAL deadlock_timeout = '1h'")  # whoever looks first gives up
    else:
        User.objects.bulk_create(User(username=f"rows {number}") for number in range(50))


@pytest.fixture(params=[False, True], ids=["autocommit", "atomic-requests"])
def atomic_requests(request, monkeypatch):
    """Run a test with and without one transaction around each request."""
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", request.param)


@pytest.fixture
def boss(transactional_db):
    user = User.objects.create_user("boss")
    user.user_permissions.add(Permission.objects.get(codename="override"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def greeting(boss, settings):
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
    boss.post("/greeting/start/", {"note": "Hello"})
    return testing.run(GreetingWorkflow.objects.get(), until="check_note")


@pytest.mark.usefixtures("atomic_requests")
@pytest.mark.parametrize("page", ["form", "override"])
def test_a_person_s_form_comes_back(boss, greeting, threads, monkeypatch, page):
    other = User.objects.create_user("other")
    has_other, go_on = threads.event(), threads.event()

    def collide():
        with transaction.atomic():
            win_deadlocks()
            User.objects.filter(pk=other.pk).update(first_name="other")
            has_other.set()
            assert go_on.wait(LIMIT)
            Workflow.objects.filter(pk=greeting.pk).update(created="2026-01-01T00:00Z")

    def clean(workflow):
        if go_on.is_set():
            return
        go_on.set()
        threads.wait_until_blocked()
        User.objects.filter(pk=other.pk).update(first_name="view")

    monkeypatch.setattr(GreetingWorkflow, "clean", clean)
    colliding = threads.start(collide)
    assert has_other.wait(LIMIT)
    task = greeting.task_set.get(name="check_note")
    url = task.get_absolute_url() if page == "form" else greeting.get_override_url()

    response = boss.post(url, {"note": "Typed", "count": "1", "open_tasks": task.pk})

    assert colliding.result(LIMIT) is None
    greeting.refresh_from_db()
    assert response.status_code == 409
    assert "Typed" in response.text
    assert BUSY in response.text
    assert greeting.note == "Hello"
    assert [task.name for task in greeting.task_set.open()] == ["check_note"]


def test_a_wake_is_repeated(threads, transactional_db, settings, monkeypatch):
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
    workflow = Gateway.start()
    first = workflow.task_set.get(name="choose")
    between, last = (
        Task.objects.create(name="choose", type="machine", workflow=workflow, eta=first.eta)
        for _ in range(2)
    )
    has_one = threads.event()

    def collide():
        with transaction.atomic():
            win_deadlocks()
            Task.objects.filter(pk=between.pk).update(exception="other")
            has_one.set()
            threads.wait_until_blocked()  # it has the first or the last, as it goes up or down
            Task.objects.filter(pk=first.pk).update(exception="other")
            Task.objects.filter(pk=last.pk).update(exception="other")

    seen = []

    def taken(using):
        seen.append(using)
        return taken_as_instance_locked(using)

    monkeypatch.setattr(querysets, "taken_as_instance_locked", taken)
    if connection.vendor == "postgresql":
        execute("SET deadlock_timeout = '3s'")  # not before the other one waits, too
    colliding = threads.start(collide)
    assert has_one.wait(LIMIT)

    assert workflow.wake() == 3

    assert colliding.result(LIMIT) is None
    assert len(seen) > 1
    assert {task.exception for task in workflow.task_set.filter(name="choose")} == {"other"}
