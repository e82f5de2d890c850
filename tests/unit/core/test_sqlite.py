"""SQLite with the recommended options: one writes at a time, and nobody sees an error for it."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections, transaction
from django.test import Client

from joeflow import engine, testing
from joeflow.models import Task, Workflow
from tests.testapp.models import Failing, GreetingWorkflow, Letter

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "sqlite", reason="the other databases have locks of rows"
    ),
]

LIMIT = 60
PEOPLE = 4
WORKERS = 4
#: How many instances each person starts.
INSTANCES = 5
#: What an admin form with inlines sends besides.
MANAGEMENT = {"task_set-TOTAL_FORMS": "0", "task_set-INITIAL_FORMS": "0"}
BUSY = "Somebody else is working on this at the moment. Please try again"


def run_together(functions):
    """Run functions at the same time, each with a connection of its own."""
    barrier = threading.Barrier(len(functions))

    def run(function):
        try:
            barrier.wait(LIMIT)
            return function()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result(LIMIT) for future in [pool.submit(run, f) for f in functions]]


class TestManyAtOnce:
    """People and workers who are all quick."""

    def test_nobody_meets_a_locked_database(self):
        people = [Person() for _ in range(PEOPLE)]
        done = threading.Event()

        def all_people():
            try:
                return run_together([person.work for person in people])
            finally:
                done.set()

        codes, *errors = run_together([all_people, *[lambda: work(done)] * WORKERS])

        assert {code for some in codes for code in some} == {302}
        assert errors == [[]] * WORKERS
        assert not Task.objects.failed().exists()
        assert GreetingWorkflow.objects.filter(_ended=None).count() == 0
        assert GreetingWorkflow.objects.count() == PEOPLE * INSTANCES


class Person:
    """Starts workflows, and does the tasks that come of them."""

    def work(self):
        """Return the status codes of all forms that were sent."""
        client = Client(raise_request_exception=False)
        return [code for _ in range(INSTANCES) for code in self.go_through(client)]

    def go_through(self, client):
        started = client.post("/greeting/start/", {"note": "Hello"})
        workflow = GreetingWorkflow.objects.get(pk=started.url.rstrip("/").rpartition("/")[2])
        form = wait_for(lambda: workflow.task_set.filter(name="check_note").first())
        checked = client.post(form.get_absolute_url(), {"note": "Checked"})
        wait_for(lambda: Workflow.objects.filter(pk=workflow.pk, _ended__isnull=False).first())
        return [started.status_code, checked.status_code]


def wait_for(condition):
    """Return what the condition returns, as soon as that is true."""
    limit = threading.Event()
    for _ in range(LIMIT * 50):
        if result := condition():
            return result
        limit.wait(0.02)
    raise AssertionError("it did not happen")


def work(done):
    """Run what is due, until the people have gone; return what came back with an error."""
    errors = []
    while not done.wait(0.005):
        for task in Task.objects.due():
            come_back = engine.run(task.pk, task._workflow_id)
            if come_back is not None and come_back.errors:
                errors.append(come_back)
    return errors


@contextmanager
def written_elsewhere():
    """Let somebody write for longer than anybody waits."""
    writes, done = threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            writes.set()
            done.wait(LIMIT)
        connections.close_all()

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")  # milliseconds
    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert writes.wait(LIMIT)
        yield
    finally:
        done.set()
        thread.join(LIMIT)
        connection.close()  # the next one has the timeout of the settings


class TestNodeThatTakesTooLong:
    """Whoever has waited for the timeout is told to try again, and nothing is lost."""

    @pytest.fixture
    def staff(self):
        client = Client(raise_request_exception=False)
        client.force_login(get_user_model().objects.create_superuser("winnie"))
        return client

    @pytest.fixture
    def greeting(self, client):
        client.post("/greeting/start/", {"note": "Hello"})
        return testing.run(GreetingWorkflow.objects.get(), until="check_note")

    @pytest.fixture
    def failed(self, monkeypatch):
        monkeypatch.setattr(Failing, "behavior", lambda workflow: 1 / 0)
        task = Failing.start().task_set.get(name="work")
        with pytest.raises(ZeroDivisionError):
            engine.run(task.pk, task._workflow_id)
        return task

    def test_start_form(self, staff):
        with written_elsewhere():
            response = staff.post("/greeting/start/", {"note": "Typed"})

        assert response.status_code == 409
        assert "Typed" in response.text
        assert BUSY in response.text
        assert not GreetingWorkflow.objects.exists()

    def test_form(self, staff, greeting):
        [task] = greeting.task_set.open()
        with written_elsewhere():
            response = staff.post(task.get_absolute_url(), {"note": "Typed"})

        assert response.status_code == 409
        assert "Typed" in response.text
        assert BUSY in response.text

    def test_json(self, staff, greeting):
        [task] = greeting.task_set.open()
        with written_elsewhere():
            response = staff.post(
                task.get_absolute_url(), json.dumps({"note": "Typed"}), "application/json"
            )

        assert response.status_code == 409
        assert response.json() == {"detail": f"{BUSY}; nothing is lost."}

    def test_override(self, staff, greeting):
        with written_elsewhere():
            response = staff.post(greeting.get_override_url(), {"note": "Typed", "count": "1"})

        assert response.status_code == 409
        assert "Typed" in response.text
        assert BUSY in response.text

    @pytest.mark.parametrize("action", ["rerun", "cancel"])
    def test_action_in_the_admin(self, staff, failed, action):
        data = {"action": action, "_selected_action": [failed.pk]}
        with written_elsewhere():
            response = staff.post("/admin/joeflow/task/", data, follow=True)

        assert response.status_code == 200
        assert "running, try again in a moment (1)" in response.text
        failed.refresh_from_db()
        assert failed.status == Task.FAILED

    @pytest.mark.parametrize(
        ("page", "data"),
        [
            ("{pk}/change/", {"text": "Typed"}),
            ("{pk}/delete/", {"post": "yes"}),
            ("add/", {"text": "Typed"}),
            ("", {"action": "delete_selected", "_selected_action": "{pk}", "post": "yes"}),
        ],
    )
    def test_page_of_the_admin(self, staff, page, data):
        letter = Letter.start()
        url = f"/admin/testapp/letter/{page.format(pk=letter.pk)}"
        data = {key: value.format(pk=letter.pk) for key, value in data.items()}
        with written_elsewhere():
            response = staff.post(url, MANAGEMENT | data, follow=True)

        assert response.status_code == 200
        assert "try again" in response.text
        assert data.get("text", "") in response.text
        assert Letter.objects.get().text == ""

    def test_worker__comes_back(self, failed):
        with written_elsewhere():
            come_back = engine.run(failed.pk, failed._workflow_id)

        assert come_back.bounces == 1
        assert come_back.errors == 0
