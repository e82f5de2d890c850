"""People's forms while somebody else works on the same instance."""

import threading
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, connections, transaction
from django.test import Client

from joeflow import locks, testing
from joeflow.models import Task, Workflow
from tests import runners
from tests.testapp.models import GreetingWorkflow

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30  # seconds until a test that hangs fails
BUSY = "Somebody else is working on this at the moment. Please try again"


@pytest.fixture(autouse=True)
def runner(settings):
    """Give what is handed out to a runner that only remembers."""
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
    runners.calls.clear()


@pytest.fixture(params=[False, True], ids=["autocommit", "atomic-requests"])
def atomic_requests(request, monkeypatch):
    """Run each test with and without one transaction around each request."""
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", request.param)


@pytest.fixture
def greeting(client):
    """An instance that waits for a person at check_note."""
    client.post("/greeting/start/", {"note": "Hello"})
    return testing.run(GreetingWorkflow.objects.get(), until="check_note")


@pytest.fixture
def url(greeting):
    """The form of the open task."""
    return greeting.task_set.get(name="check_note").get_absolute_url()


@pytest.fixture
def impatient(settings):
    """Let nobody wait for longer than a second."""
    settings.JOEFLOW_LOCK_TIMEOUT = 1


@contextmanager
def in_a_thread(function):
    """Run a function beside the test, with a connection of its own."""

    def run():
        try:
            function()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield thread
    thread.join(PATIENCE)
    assert not thread.is_alive()


@contextmanager
def held(workflow):
    """Hold the lock of an instance in another transaction; yields what releases it."""
    locked, released = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            no_key = connection.features.has_select_for_no_key_update
            Workflow.objects.select_for_update(no_key=no_key).get(pk=workflow.pk)
            locked.set()
            released.wait(PATIENCE)

    with in_a_thread(hold):
        assert locked.wait(PATIENCE)
        try:
            yield released
        finally:
            released.set()


@pytest.mark.usefixtures("atomic_requests", "impatient")
def test_form__busy__keeps_what_was_typed(client, greeting, url):
    with held(greeting):
        response = client.post(url, {"note": "Typed"})

    greeting.refresh_from_db()
    assert response.status_code == 409
    assert "Typed" in response.text
    assert BUSY in response.text
    assert greeting.note == "Hello"
    assert greeting.task_set.get(name="check_note").status == Task.SCHEDULED


@pytest.mark.usefixtures("atomic_requests", "impatient")
def test_form__busy__json(client, greeting, url):
    with held(greeting):
        response = client.post(url, {"note": "Typed"}, content_type="application/json")

    assert response.status_code == 409
    assert response.json() == {"detail": f"{BUSY}; nothing is lost."}


@pytest.mark.usefixtures("atomic_requests", "impatient")
def test_override__busy__keeps_what_was_typed(client, greeting, django_user_model):
    user = django_user_model.objects.create_user("winnie")
    user.user_permissions.add(Permission.objects.get(codename="override"))
    client.force_login(user)

    with held(greeting):
        response = client.post(greeting.get_override_url(), {"note": "Typed", "count": "1"})

    assert response.status_code == 409
    assert "Typed" in response.text
    assert BUSY in response.text
    assert not greeting.task_set.filter(name="override").exists()


@pytest.mark.usefixtures("atomic_requests")
def test_form__busy_for_a_moment__waits(client, greeting, url, settings, monkeypatch):
    settings.JOEFLOW_LOCK_TIMEOUT = PATIENCE
    lock_timeout = locks._lock_timeout

    with held(greeting) as released:

        def begins_to_wait(*args):
            released.set()
            return lock_timeout(*args)

        monkeypatch.setattr(locks, "_lock_timeout", begins_to_wait)
        response = client.post(url, {"note": "Typed"})

    greeting.refresh_from_db()
    assert response.status_code == 302
    assert greeting.note == "Typed"
    assert greeting.task_set.get(name="end").status == Task.SCHEDULED


@pytest.mark.usefixtures("atomic_requests")
def test_form__state_changed_while_waiting__is_kept(client, greeting, url, monkeypatch):
    lock_timeout = locks._lock_timeout
    locked, waiting = threading.Event(), threading.Event()

    def count():
        with transaction.atomic():
            no_key = connection.features.has_select_for_no_key_update
            Workflow.objects.select_for_update(no_key=no_key).get(pk=greeting.pk)
            locked.set()
            waiting.wait(PATIENCE)
            GreetingWorkflow.objects.filter(pk=greeting.pk).update(count=42)

    def begins_to_wait(*args):
        waiting.set()
        return lock_timeout(*args)

    monkeypatch.setattr(locks, "_lock_timeout", begins_to_wait)
    with in_a_thread(count):
        assert locked.wait(PATIENCE)
        response = client.post(url, {"note": "Typed"})

    greeting.refresh_from_db()
    assert response.status_code == 302
    assert (greeting.note, greeting.count) == ("Typed", 42)


@pytest.mark.usefixtures("atomic_requests")
def test_form__two_at_once__one_wins(greeting, url, settings):
    settings.JOEFLOW_LOCK_TIMEOUT = PATIENCE
    barrier = threading.Barrier(2, timeout=PATIENCE)
    codes = {}

    def post(note):
        client = Client()
        client.get(url)
        barrier.wait()
        codes[note] = client.post(url, {"note": note}).status_code

    with in_a_thread(lambda: post("first")), in_a_thread(lambda: post("second")):
        pass

    greeting.refresh_from_db()
    assert sorted(codes.values()) == [302, 409]
    assert codes[greeting.note] == 302
    assert greeting.task_set.filter(name="end").count() == 1
