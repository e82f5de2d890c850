"""What a request costs, and what holds when it is one transaction."""

import re
from contextlib import nullcontext

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from joeflow.models import Task
from joeflow.views import TaskViewMixin
from tests import runners
from tests.testapp.models import GreetingWorkflow

pytestmark = pytest.mark.django_db(transaction=True)
CONTROL = re.compile(r"BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK|SET TRANSACTION")


@pytest.fixture
def no_history(monkeypatch):
    """Leave out what django-reversion writes."""
    monkeypatch.setattr("joeflow.views.tasks.create_revision", lambda *a, **k: nullcontext())


def statements(context):
    """Return verb and table of each statement, without transaction control."""
    found = [query["sql"] for query in context.captured_queries]
    return [shorten(sql) for sql in found if not CONTROL.match(sql)]


def shorten(sql):
    verb = sql.split()[0]
    outer = re.sub(r"EXISTS\(.*?\) AS", "", sql)  # whose a task is, is asked with it
    table = re.search(r'(?:FROM|INTO|UPDATE) ["`](\w+)["`]', outer)[1]
    return f"{verb} {table}{' FOR UPDATE' if 'FOR ' in sql else ''}"


def test_get(client, check_note):
    url = check_note.get_absolute_url()
    client.get(url)

    with CaptureQueriesContext(connection) as context:
        client.get(url)

    assert statements(context) == ["SELECT joeflow_task", "SELECT testapp_greeting"]


@pytest.mark.usefixtures("no_history")
def test_post(client, check_note):
    url = check_note.get_absolute_url()
    client.get(url)
    with_rows = connection.features.has_select_for_update

    with CaptureQueriesContext(connection) as context:
        client.post(url, {"note": "Hi"})

    assert statements(context) == [
        "SELECT joeflow_task",  # which instance
        "SELECT joeflow_workflow FOR UPDATE" if with_rows else "UPDATE joeflow_workflow",
        "SELECT joeflow_task",
        "SELECT testapp_greeting",
        "UPDATE joeflow_workflow",  # modified
        "UPDATE testapp_greeting",
        "UPDATE joeflow_task",
        "INSERT joeflow_task",
        "INSERT joeflow_task_parent_task_set",
    ]


@pytest.mark.usefixtures("no_history")
def test_post__nothing_changed__saves_nothing(client, check_note):
    url = check_note.get_absolute_url()
    client.get(url)

    with CaptureQueriesContext(connection) as context:
        client.post(url, {"note": "Hello"})

    assert "UPDATE testapp_greeting" not in statements(context)
    assert Task.objects.get(pk=check_note.pk).status == Task.SUCCEEDED


@pytest.mark.usefixtures("no_history")
def test_start(client, check_note):
    client.get("/greeting/start/")

    with CaptureQueriesContext(connection) as context:
        client.post("/greeting/start/", {"note": "Hi"})

    assert statements(context) == [
        "INSERT joeflow_workflow",
        "INSERT testapp_greeting",
        "INSERT joeflow_task",
        "INSERT joeflow_task",
        "INSERT joeflow_task_parent_task_set",
    ]


@pytest.fixture
def atomic_requests(monkeypatch):
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)


@pytest.mark.usefixtures("atomic_requests")
def test_atomic_requests__post__hands_out_after_the_response(client, check_note, monkeypatch):
    dispatch, seen = TaskViewMixin.dispatch, []
    runners.calls.clear()

    def look(view, *args, **kwargs):
        response = dispatch(view, *args, **kwargs)
        seen.append((connection.in_atomic_block, len(runners.calls)))
        return response

    monkeypatch.setattr(TaskViewMixin, "dispatch", look)

    client.post(check_note.get_absolute_url(), {"note": "Hi"})

    end = Task.objects.get(name="end")
    assert seen == [(True, 0)]
    assert [call.task_pk for call in runners.calls] == [end.pk]


@pytest.mark.usefixtures("atomic_requests")
def test_atomic_requests__closed__page_is_rendered(client, check_note):
    url = check_note.get_absolute_url()
    check_note.cancel()

    assert client.post(url, {"note": "Hi"}).status_code == 409
    assert client.get(url).status_code == 410


@pytest.mark.usefixtures("atomic_requests")
def test_atomic_requests__node_raises__changes_nothing(client, check_note, monkeypatch):
    def fail(view):
        raise ZeroDivisionError

    monkeypatch.setattr("joeflow.views.TaskViewMixin.next_task", fail)

    with pytest.raises(ZeroDivisionError):
        client.post(check_note.get_absolute_url(), {"note": "Hi"})

    assert GreetingWorkflow.objects.get().note == "Hello"
    assert not transaction.get_connection().needs_rollback
