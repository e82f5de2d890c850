"""The lists of people's pages, in JSON."""

import json

import pytest
from django.test.client import MULTIPART_CONTENT

from joeflow.descriptions.tasks import describe_instance, describe_tasks
from joeflow.exceptions import InstanceLocked
from joeflow.models import Event, Task
from joeflow.views.api.openapi import build_document
from tests.rules import package
from tests.unit.people.conftest import make_purchase

JSON = {"accept": "application/json"}


@pytest.fixture
def get(client):
    """Return a function that asks for JSON in somebody's name."""

    def get(url, user=None):
        if user is not None:
            client.force_login(user)
        return client.get(url, headers=JSON)

    return get


def keys(response, name="tasks"):
    return [each["id"] for each in response.json()[name]]


def test_inbox__has_the_tasks(get, order, buyer):
    task = order()

    answer = get("/work/inbox/", buyer).json()

    alone = json.loads(json.dumps(describe_tasks([task], buyer), default=str))
    assert answer["next"] is None
    assert [{**row, "created": ""} for row in answer["tasks"]] == [{**alone[0], "created": ""}]


def test_inbox__is_filtered(get, order, buyer):
    order()
    mine = order()
    mine.claim(buyer)

    assert keys(get("/work/inbox/?whose=mine", buyer)) == [mine.pk]


@pytest.mark.parametrize(
    ("page", "name"),
    [("inbox", "workflow"), ("inbox", "whose"), ("done", "workflow"), ("running", "state")],
)
def test_a_filter_that_is_none__is_said(get, buyer, page, name):
    response = get(f"/work/{page}/?{name}=nope", buyer)

    problem = "Select a valid choice. nope is not one of the available choices."
    assert (response.status_code, response.json()) == (422, {"errors": {name: [problem]}})


def test_inbox__leads_to_the_next_page(get, order, buyer):
    tasks = [order() for _ in range(26)]

    first = get("/work/inbox/?late=&whose=free", buyer)
    second = get(first.json()["next"])

    assert first.json()["next"] == "/work/inbox/?late=&whose=free&page=2"
    assert keys(first) + keys(second) == [task.pk for task in tasks]
    assert second.json()["next"] is None


def test_done__has_the_tasks(get, approve, manager):
    approve.finish(manager)

    [task] = get("/work/done/", manager).json()["tasks"]

    assert (task["id"], task["status"], task["url"]) == (approve.pk, "succeeded", None)
    assert not any(task["may"].values())


def test_instances__are_described(get, purchase, approve, person):
    answer = get("/work/running/", person("boss", "testapp.view_purchase")).json()

    alone = describe_instance(purchase)
    [instance] = answer["instances"]
    assert (instance["id"], instance["tasks"]) == (purchase.pk, alone["tasks"])
    assert instance.keys() == alone.keys()


def test_starts__are_those_that_one_may(get, person):
    answer = get("/work/start/", person("asker", "testapp.request_purchase")).json()

    assert answer["next"] is None
    assert {
        "name": "start",
        "label": "start",
        "url": "/purchase/start/",
        "type": "human",
        "workflow": {"name": "testapp.purchase", "label": "purchase"},
    } in answer["starts"]


@pytest.mark.parametrize("page", ["inbox", "done", "running", "start"])
def test_nobody_is_logged_in__is_unauthorized(get, db, page):
    response = get(f"/work/{page}/")

    assert (response.status_code, response.json()) == (401, {"detail": "Log in first."})


@pytest.mark.parametrize("page", ["inbox", "done", "running", "start"])
def test_browser__gets_the_page(client, manager, page):
    client.force_login(manager)

    response = client.get(f"/work/{page}/")

    assert response["Content-Type"].startswith("text/html")
    assert "Accept" in response["Vary"]


@pytest.mark.parametrize("content_type", ["application/json", MULTIPART_CONTENT])
def test_comment__is_written(client, purchase, approve, manager, content_type):
    client.force_login(manager)

    response = client.post(
        f"/purchase/{purchase.pk}/",
        {"comment": "Hello"},
        content_type=content_type,
        headers=JSON,
    )

    comment = Event.objects.get()
    assert (response.status_code, keys(response)) == (201, [approve.pk])
    assert (comment.kind, comment.text, comment.user) == (Event.COMMENTED, "Hello", manager)


@pytest.mark.parametrize("body", [{}, {"comment": " "}, {"comment": "Hi", "other": 1}])
def test_comment_that_is_not_valid__says_why(client, purchase, manager, body):
    client.force_login(manager)

    response = client.post(f"/purchase/{purchase.pk}/", body, content_type="application/json")

    assert (response.status_code, list(response.json())) == (422, ["errors"])
    assert not Event.objects.exists()


def test_comment__nobody_is_logged_in__is_unauthorized(client, purchase):
    body = {"comment": "Hello"}

    response = client.post(f"/purchase/{purchase.pk}/", body, content_type="application/json")

    assert (response.status_code, Event.objects.exists()) == (401, False)


def test_comment__on_a_busy_instance__is_a_conflict(client, purchase, manager, monkeypatch):
    def taken(*args, **kwargs):
        raise InstanceLocked

    monkeypatch.setattr("joeflow.transitions.lock_instance", taken)
    client.force_login(manager)

    response = client.post(f"/purchase/{purchase.pk}/", {"comment": "Hi"}, headers=JSON)

    assert (response.status_code, list(response.json())) == (409, ["detail"])


def test_history__takes_no_comments(client, purchase, manager):
    client.force_login(manager)

    response = client.post(f"/purchase/{purchase.pk}/history", {"comment": "Hi"}, headers=JSON)

    assert response.status_code == 405


def test_draft__is_no_current_value(client, get, approve, manager):
    client.force_login(manager)
    url = approve.get_absolute_url()
    client.post(url, {"item": "Typed", "_draft": "save"})

    assert get(url).json()["fields"][0]["value"] == "Honey"


@pytest.mark.parametrize(
    ("page", "name"),
    [("inbox", "tasks"), ("done", "tasks"), ("running", "instances"), ("start", "starts")],
)
def test_answer__is_what_the_document_says(get, approve, person, page, name):
    jsonschema = package("jsonschema")
    user = person("boss", "testapp.view_purchase", "testapp.request_purchase")
    approve.assign(user)
    document = build_document()
    operation = document["paths"][f"/work/{page}/"]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]

    answer = get(f"/work/{page}/", user).json()

    validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    validator.validate(answer)
    assert name in answer


def test_document__names_the_filters():
    parameters = build_document()["paths"]["/work/inbox/"]["get"]["parameters"]

    assert [each["name"] for each in parameters] == ["q", "workflow", "whose", "late", "page"]


def test_document__is_at_its_address(get, manager):
    assert get("/work/openapi.json", manager).json()["openapi"] == "3.1.0"


class TestStatements:
    """As many for a full page as for one row."""

    def count(self, get, statements, page, user):
        get(f"/work/{page}/", user)
        with statements:
            get(f"/work/{page}/")
        return statements.data

    @pytest.mark.parametrize("rows", [1, 20])
    def test_inbox(self, get, statements, person, rows):
        user = person("buyer", "testapp.order_purchase")
        for _ in range(rows):
            make_purchase("order")
        Task.objects.get(name="order", pk=Task.objects.filter(name="order").last().pk).claim(user)

        found = self.count(get, statements, "inbox", user)

        # The session, who it is, permissions; the tasks, their instances, assignees and groups.
        assert len(found) == 2 + 2 + 4, found

    @pytest.mark.parametrize("rows", [1, 20])
    def test_instances(self, get, statements, person, rows):
        for _ in range(rows):
            make_purchase("order")
        user = person("boss", "testapp.view_purchase")

        found = self.count(get, statements, "running", user)

        # The session, who it is, permissions; the keys, the tasks, the instances; the tasks again.
        assert len(found) == 2 + 2 + 4, found

    def test_starts(self, get, statements, person):
        found = self.count(get, statements, "start", person("asker", "testapp.request_purchase"))

        assert len(found) == 2 + 2, found
