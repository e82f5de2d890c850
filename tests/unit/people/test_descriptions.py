"""What JSON says of a task, and of who may do what with it."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.utils import timezone
from django.views.generic import ListView

from joeflow.descriptions.tasks import describe_tasks
from joeflow.models import Event, Task, Workflow
from joeflow.views.api.described import DescribedList

JSON = {"accept": "application/json"}
NOTHING = {"complete": False, "claim": False, "release": False, "reassign": False}


@pytest.fixture
def get(client):
    """Return a function that asks for JSON in somebody's name."""

    def get(url, user=None):
        if user is not None:
            client.force_login(user)
        return client.get(url, headers=JSON)

    return get


def rights(task, user):
    """Return what somebody may do with a task, for whom it is loaded anew."""
    [described] = describe_tasks([Task.objects.get(pk=task.pk)], user)
    return [name for name, may in described["may"].items() if may]


def test_task__is_described(get, approve, purchase, manager):
    response = get(approve.get_absolute_url(), manager)

    described = response.json()
    assert response.status_code == 200
    assert described == {
        "id": approve.pk,
        "name": "approve",
        "label": "approve",
        "type": "human",
        "status": "scheduled",
        "url": f"/purchase/approve/{approve.pk}/",
        "workflow": {
            "id": purchase.pk,
            "name": "testapp.purchase",
            "label": f"purchase {purchase.pk}",
            "url": f"/purchase/{purchase.pk}/",
        },
        "created": described["created"],
        "due": None,
        "late": False,
        "snoozed_until": None,
        "paused": False,
        "completed": None,
        "assignees": [{"id": manager.pk, "name": "manager"}],
        "groups": [],
        "may": {"complete": True, "claim": False, "release": False, "reassign": True},
        "fields": [
            {
                "name": "item",
                "label": "Item",
                "type": "string",
                "required": False,
                "read_only": False,
                "hidden": False,
                "help_text": "",
                "max_length": 100,
                "value": "Honey",
            }
        ],
    }


def test_times__are_told(get, approve, manager):
    now = timezone.now().replace(microsecond=0)
    Task.objects.filter(pk=approve.pk).update(
        due=now - timedelta(1), snoozed_until=now + timedelta(1)
    )
    Workflow.objects.update(_paused=now)

    described = get(approve.get_absolute_url(), manager).json()

    assert (described["late"], described["paused"]) == (True, True)
    assert described["due"] == (now - timedelta(1)).isoformat().replace("+00:00", "Z")
    assert described["snoozed_until"] == (now + timedelta(1)).isoformat().replace("+00:00", "Z")


def test_paused__nobody_may_complete_it(get, approve, manager):
    before = rights(approve, manager)

    approve.workflow.pause()

    assert before == ["complete", "reassign"]
    assert rights(approve, manager) == ["reassign"]
    assert get(approve.get_absolute_url(), manager).json()["may"]["complete"] is False


def test_paused_and_then_canceled__is_paused_no_longer(get, purchase, approve):
    purchase.pause()
    purchase.cancel()
    purchase.refresh_from_db()

    described = get(purchase.get_absolute_url()).json()

    assert (described["ended"], described["paused"], described["paused_at"]) == (True, False, None)
    [task] = describe_tasks([Task.objects.get(pk=approve.pk)], None)
    assert task["paused"] is False
    assert not purchase.is_paused


def test_somebody_else_s__says_whose(get, approve, person):
    colleague = person("colleague", "testapp.approve_purchase")

    response = get(approve.get_absolute_url(), colleague)

    assert (response.status_code, response.json()) == (
        403,
        {"detail": "This task is for manager."},
    )


def test_nobody_is_logged_in__is_unauthorized(get, approve):
    assert get(approve.get_absolute_url()).status_code == 401


def test_start__is_described(get, person):
    response = get("/purchase/start/", person("asker", "testapp.request_purchase"))

    described = response.json()
    assert [field["name"] for field in described.pop("fields")] == ["item"]
    assert described == {
        "name": "start",
        "label": "start",
        "type": "human",
        "url": "/purchase/start/",
        "workflow": {"name": "testapp.purchase", "label": "purchase"},
    }


def test_signed_link__describes_the_task(get, approve, manager):
    url = approve.get_signed_url(manager)

    described = get(url).json()

    assert (described["id"], described["url"]) == (approve.pk, url)


class TestWhoMay:
    def test_whoever_it_was_given_to_alone(self, approve, manager):
        assert rights(approve, manager) == ["complete", "reassign"]

    def test_one_of_several_that_it_was_given_to(self, approve, manager, person):
        approve.assign([manager, person("other")])

        assert rights(approve, manager) == ["complete", "claim", "release", "reassign"]

    def test_who_took_what_was_given_to_several(self, approve, manager, person):
        approve.assign([manager, person("other")])
        approve.claim(manager)

        assert rights(approve, manager) == ["complete", "release", "reassign"]
        approve.release(manager)  # it is true

    def test_who_was_handed_it_after_somebody_took_it(self, approve, manager, person):
        approve.assign([manager, person("other")])
        approve.claim(manager)
        approve.assign(manager)

        assert rights(approve, manager) == ["complete", "reassign"]

    def test_whoever_has_the_permission(self, order, buyer):
        assert rights(order(), buyer) == ["complete", "claim", "reassign"]

    def test_who_took_what_is_nobody_s(self, order, buyer):
        task = order()
        task.claim(buyer)

        assert rights(task, buyer) == ["complete", "release", "reassign"]

    def test_member_of_the_group(self, receive, person):
        assert rights(receive, person("keeper", groups=["Stores"])) == [
            "complete",
            "claim",
            "reassign",
        ]

    def test_member_who_took_it(self, receive, person):
        keeper = person("keeper", groups=["Stores"])
        receive.claim(keeper)

        assert rights(receive, keeper) == ["complete", "release", "reassign"]

    def test_member_of_another_group(self, receive, person):
        assert rights(receive, person("driver", groups=["Drivers"])) == []

    def test_whoever_may_reassign(self, approve, person):
        assert rights(approve, person("boss", "joeflow.reassign")) == ["complete", "reassign"]

    def test_anybody_who_is_logged_in(self, sign, person):
        assert rights(sign, person("somebody")) == ["complete", "claim", "reassign"]

    @pytest.mark.parametrize("nobody", [AnonymousUser(), None])
    def test_nobody(self, sign, nobody):
        assert rights(sign, nobody) == ["complete"]

    def test_stranger(self, order, person):
        assert rights(order(), person("stranger")) == []

    def test_closed(self, approve, manager):
        approve.cancel()

        assert rights(approve, manager) == []

    def test_machine(self, purchase, manager):
        task = purchase.task_set.create(name="end", type="machine", workflow=purchase)

        assert rights(task, manager) == []

    def test_node_that_is_gone(self, purchase, manager):
        task = purchase.task_set.create(name="gone", type="human", workflow=purchase)

        assert rights(task, manager) == []


def test_class_that_is_gone__leaves_the_rest(approve, manager, monkeypatch):
    monkeypatch.setattr("joeflow.descriptions.tasks.workflow_class", lambda *args: None)

    [described] = describe_tasks([approve], manager)

    assert (described["workflow"], described["may"]) == (None, NOTHING)


def test_no_tasks__are_described(manager):
    assert describe_tasks([], manager) == []


class Waiting(DescribedList, ListView):
    """What waits for somebody, in a site of one's own."""

    template_name = "joeflow/base.html"
    paginate_by = 2

    def get_queryset(self):
        return Task.objects.inbox(self.request.user).order_by("pk")


def ask(user, **data):
    request = RequestFactory().get("/work/", data, headers=JSON)
    request.user = user
    return Waiting.as_view()(request)


class TestLists:
    def test_rows__are_described_as_alone(self, approve, manager):
        response = ask(manager)

        alone = describe_tasks([approve], manager)[0]
        [row] = json.loads(response.content)["tasks"]
        assert {**row, "created": ""} == {**alone, "created": ""}

    def test_next_page__has_an_address(self, order, buyer):
        tasks = [order() for _ in range(3)]

        first = json.loads(ask(buyer, kind="all").content)
        second = json.loads(ask(buyer, kind="all", page=2).content)

        assert [task["id"] for task in first["tasks"]] == [tasks[0].pk, tasks[1].pk]
        assert first["next"] == "/work/?kind=all&page=2"
        assert ([task["id"] for task in second["tasks"]], second["next"]) == ([tasks[2].pk], None)

    def test_no_such_page__is_not_found(self, buyer):
        response = ask(buyer, page=7)

        assert response.status_code == 404
        assert json.loads(response.content) == {"detail": "There is nothing at this address."}

    def test_browser__gets_the_page(self, approve, manager):
        request = RequestFactory().get("/work/")
        request.user = manager

        response = Waiting.as_view()(request)

        assert response.template_name == ["joeflow/base.html", "joeflow/task_list.html"]
        assert response["Vary"] == "Accept"


class TestStatements:
    def test_start(self, get, statements, person):
        user = person("asker", "testapp.request_purchase")
        get("/purchase/start/", user)

        with statements:
            get("/purchase/start/")

        assert len(statements.data) == 2 + 2, statements.data  # the session, and permissions

    def test_task(self, get, approve, manager, statements):
        get(approve.get_absolute_url(), manager)

        with statements:
            get(approve.get_absolute_url())

        # The session and who it is; the task, its instance; assignees, groups; taken from others?
        # and whether this person may reassign.
        assert len(statements.data) == 2 + 2 + 2 + 1, statements.data

    @pytest.mark.parametrize("count", [1, 10])
    def test_list(self, count, order, receive, approve, manager, person, statements):
        user = person("everybody", "testapp.order_purchase", groups=["Stores"])
        tasks = [order() for _ in range(count)]
        tasks += [receive, approve]
        for task in tasks[1:]:
            task.assignees.add(user)
        tasks = list(Task.objects.filter(pk__in=[task.pk for task in tasks]))

        with statements:
            describe_tasks(tasks, user)

        # The instances, the assignees, the groups; whose groups; permissions.
        assert len(statements.data) == 3 + 1 + 2, statements.data

    def test_nothing_was_taken__is_not_asked(self, order, buyer, statements):
        with statements:
            describe_tasks([order()], buyer)

        assert not [each for each in statements.data if Event._meta.db_table in each]
