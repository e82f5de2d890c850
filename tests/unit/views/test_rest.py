"""Tasks as views of Django REST framework."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.urls import resolve

from joeflow.exceptions import InstanceLocked
from joeflow.models import Task
from tests.rules import package
from tests.statements import Statements

package("rest_framework")
from tests.testapp.workflows_rest import CheckRest, Memo, RestWorkflow  # noqa: E402

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people(db, django_user_model):
    """Somebody who may do everything, and somebody who may nothing."""
    ada = django_user_model.objects.create_user("ada")
    names = ["add_memo", "change_memo"]
    ada.user_permissions.set(Permission.objects.filter(codename__in=names))
    return {"ada": ada, "bob": django_user_model.objects.create_user("bob")}


@pytest.fixture
def task(db):
    """The open task, and nothing done so far."""
    workflow = RestWorkflow.objects.create(note="Old")
    return workflow.task_set.create(name="check_note", type="human", workflow=workflow)


@pytest.fixture
def send(client):
    """Return a function that sends JSON in somebody's name."""

    def send(method, url, body=None, name="ada"):
        headers = {"Authorization": name} if name else {}
        return client.generic(
            method, url, json.dumps(body or {}), content_type="application/json", headers=headers
        )

    return send


@pytest.fixture
def _no_history(monkeypatch):
    """Keep no history: django-reversion has statements of its own."""
    monkeypatch.setattr("joeflow.contrib.reversion.is_used", lambda: False)


def state_of(task):
    task.refresh_from_db()
    return task.status, Memo.objects.get().note


def test_start__creates_and_goes_on(send, people):
    response = send("POST", "/rest/start/", {"note": "Hello"})

    workflow = RestWorkflow.objects.get()
    start, check_note = workflow.task_set.order_by("pk")
    assert (response.status_code, response.json()) == (201, {"note": "Hello", "seen": False})
    assert (start.completed_by_user, check_note.name) == (people["ada"], "check_note")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_update__saves_and_completes(send, task, people, method):
    response = send(method, task.get_absolute_url(), {"note": "New"})

    assert (response.status_code, response.json()["note"]) == (200, "New")
    assert state_of(task) == (Task.SUCCEEDED, "New")
    assert task.completed_by_user == people["ada"]
    assert [child.name for child in task.child_task_set.all()] == ["end"]


def test_update__writes_what_was_sent_alone(send, task, monkeypatch):
    def save_late(view, serializer):
        Memo.objects.update(count=7)
        super(CheckRest, view).perform_update(serializer)

    monkeypatch.setattr(CheckRest, "perform_update", save_late)

    send("PATCH", task.get_absolute_url(), {"note": "New"})

    assert Memo.objects.get().count == 7


def test_get__is_the_serializer_s(send, task):
    response = send("GET", task.get_absolute_url())

    assert response.json() == {"note": "Old", "seen": False}


def test_invalid__changes_nothing(send, task):
    response = send("PUT", task.get_absolute_url(), {"note": [1]})

    assert (response.status_code, list(response.json())) == (400, ["note"])
    assert state_of(task) == (Task.SCHEDULED, "Old")


def test_error_after_something_was_written__takes_it_back(send, task):
    response = send("PUT", task.get_absolute_url(), {"note": "Too late"})

    assert (response.status_code, response.json()) == (400, {"note": ["No."]})
    assert state_of(task) == (Task.SCHEDULED, "Old")


@pytest.mark.parametrize(("name", "status"), [("bob", 403), ("", 401), ("nobody", 401)])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_who_may_not__is_refused(send, task, method, name, status):
    response = send(method, task.get_absolute_url(), {"note": "New"}, name)

    assert (response.status_code, list(response.json())) == (status, ["detail"])
    assert state_of(task) == (Task.SCHEDULED, "Old")


def test_start__who_may_not__is_refused(send):
    assert send("POST", "/rest/start/", {"note": "Hello"}, "bob").status_code == 403
    assert not RestWorkflow.objects.exists()


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_session__is_nobody_where_the_view_knows_none(client, send, task, people, method):
    """Else another site could send a form in the name of whoever is logged in."""
    client.handler.enforce_csrf_checks = True
    client.force_login(people["ada"])

    response = send(method, task.get_absolute_url(), {"note": "New"}, name="")

    assert response.status_code == 401
    assert state_of(task) == (Task.SCHEDULED, "Old")


def test_permission_of_the_framework_for_one_instance__is_asked(send, task):
    Memo.objects.update(note="Forbidden")

    response = send("PUT", task.get_absolute_url(), {"note": "New"})

    assert (response.status_code, response.json()) == (403, {"detail": "It is forbidden."})
    assert state_of(task) == (Task.SCHEDULED, "Forbidden")


def test_somebody_else_s__says_whose(send, task, people):
    task.assignees.add(people["bob"])

    response = send("PUT", task.get_absolute_url(), {"note": "New"})

    assert (response.status_code, response.json()) == (403, {"detail": "This task is for bob."})


@pytest.mark.parametrize(("method", "status"), [("GET", 410), ("PUT", 409)])
def test_closed__is_said(send, task, method, status):
    url = task.get_absolute_url()
    task.cancel()

    response = send(method, url)

    assert (response.status_code, response.json()) == (status, {"detail": "This task is closed."})


def test_paused__is_a_conflict(send, task, people):
    task.workflow.pause(by=people["ada"], reason="Holidays")

    response = send("PUT", task.get_absolute_url(), {"note": "New"})

    assert (response.status_code, list(response.json())) == (409, ["detail"])
    assert state_of(task) == (Task.SCHEDULED, "Old")


def test_closed__is_not_said_to_strangers(send, task):
    url = task.get_absolute_url()
    task.cancel()

    assert send("PUT", url, name="bob").status_code == 403


def test_unknown__is_not_found(send):
    assert send("GET", "/rest/check_note/4711/").status_code == 404


@pytest.mark.parametrize(("name", "status"), [("ada", 409), ("bob", 403), ("", 401)])
def test_busy__is_said_to_those_who_may(send, task, monkeypatch, name, status):
    def taken(*args, **kwargs):
        raise InstanceLocked

    monkeypatch.setattr("joeflow.transitions.lock_instance", taken)

    response = send("PUT", task.get_absolute_url(), {"note": "New"}, name)

    assert response.status_code == status
    assert state_of(task) == (Task.SCHEDULED, "Old")


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_view_that_does_not_ask_joeflow__is_refused(send, task, monkeypatch, method):
    monkeypatch.setattr(CheckRest, "check_throttles", lambda view, request: None)

    with pytest.raises(ImproperlyConfigured, match="CheckRest never asked joeflow"):
        send(method, task.get_absolute_url(), {"note": "New"}, name="bob")

    assert state_of(task) == (Task.SCHEDULED, "Old")


def test_other_method__is_not_allowed(send, task):
    response = send("DELETE", task.get_absolute_url())

    assert (response.status_code, list(response.json())) == (405, ["detail"])


def test_csrf__is_the_framework_s(task):
    assert resolve(task.get_absolute_url()).func.csrf_exempt


def test_page_of_the_framework__can_be_shown(client, task):
    response = client.get(
        task.get_absolute_url(), headers={"Authorization": "ada", "Accept": "text/html"}
    )

    assert response.status_code == 200
    assert "check_note" in response.text


def test_checks__find_nothing():
    assert [e for e in run_checks() if "RestWorkflow" in str(e)] == []


@pytest.mark.usefixtures("_no_history")
def test_start__statements(send):
    send("POST", "/rest/start/", {"note": "Hello"})

    with Statements(connection) as statements:
        send("POST", "/rest/start/", {"note": "Hello"})

    # Besides: who it is, permissions, and the instance as one of its own class.
    assert len(statements.data) == 5 + 1 + 2 + 1, statements.data


@pytest.mark.usefixtures("_no_history")
def test_update__statements(send, task):
    url = task.get_absolute_url()

    with Statements(connection) as statements:
        send("PUT", url, {"note": "New"})

    # Besides: who it is, and permissions.
    assert len(statements.data) == 9 + 1 + 2, statements.data
