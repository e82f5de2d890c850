"""What JSON says of an instance, and of what happened to it."""

import pytest
from django.utils import timezone

from joeflow.descriptions import histories
from joeflow.descriptions.tasks import describe_instance, describe_instances
from joeflow.models import Event, Task, Workflow
from joeflow.views import WorkflowDetailView
from tests.testapp.models import Bare, Contract, ContractProxy, GreetingWorkflow, Purchase

JSON = {"accept": "application/json"}


@pytest.fixture
def get(client):
    """Return a function that asks for JSON."""
    return lambda url: client.get(url, headers=JSON)


@pytest.fixture
def get_as_reader(get, client, person):
    """Return a function that asks for JSON, logged in."""
    client.force_login(person("reader"))
    return get


def test_instance__says_where_it_stands(get, purchase, approve):
    described = get(f"/purchase/{purchase.pk}/").json()

    assert described == {
        "id": purchase.pk,
        "name": "testapp.purchase",
        "label": f"purchase {purchase.pk}",
        "url": f"/purchase/{purchase.pk}/",
        "created": described["created"],
        "modified": described["modified"],
        "ended": False,
        "ended_at": None,
        "paused": False,
        "paused_at": None,
        "history_url": f"/purchase/{purchase.pk}/history",
        "tasks": [
            {
                "id": approve.pk,
                "name": "approve",
                "type": "human",
                "status": "scheduled",
                "url": f"/purchase/approve/{approve.pk}/",
            }
        ],
    }


def test_instance__does_not_tell_its_state(get, purchase):
    assert "Honey" not in get(f"/purchase/{purchase.pk}/").text


def test_instance__that_has_ended(get, purchase):
    purchase.cancel()

    described = get(f"/purchase/{purchase.pk}/").json()

    assert (described["ended"], described["tasks"]) == (True, [])
    assert described["ended_at"] is not None


def test_instance__that_is_paused(get, purchase):
    Workflow.objects.update(_paused=timezone.now())

    described = get(f"/purchase/{purchase.pk}/").json()

    assert described["paused"] is True
    assert described["paused_at"] is not None


@pytest.mark.parametrize("is_history", [True, False])
def test_instance_of_another_class__is_not_found(rf, db, is_history):
    """The rows of a model are those of its proxies, too."""
    contract = ContractProxy.objects.create()
    contract.task_set.create(name="start", type="machine", workflow=contract)
    Event.objects.create(_workflow=contract, kind=Event.COMMENTED)
    contract.cancel()
    view = WorkflowDetailView.as_view(model=Contract, is_history=is_history)

    response = view(rf.get("/", headers=JSON), pk=contract.pk)

    assert response.status_code == 404


def test_many_instances__are_described_as_alone(purchase, approve, db, django_assert_num_queries):
    greeting, ended = GreetingWorkflow.objects.create(), Purchase.objects.create()
    instances = [purchase, greeting, ended]
    alone = [describe_instance(each) for each in instances]

    with django_assert_num_queries(1):
        described = describe_instances(instances)

    assert described == alone
    assert [len(each["tasks"]) for each in described] == [1, 0, 0]


def test_no_instances__are_described(django_assert_num_queries):
    assert describe_instances([]) == []


def test_instance_without_a_page__has_no_history(db):
    described = describe_instance(Bare.objects.create())

    assert (described["url"], described["history_url"]) == (None, None)


def test_instance_that_no_url_leads_to__is_described(db):
    described = describe_instance(Contract.objects.create())

    assert (described["url"], described["history_url"]) == (None, None)


def test_project_s_own_view__says_more(rf, purchase):
    class View(WorkflowDetailView):
        def get_description(self):
            return {**super().get_description(), "item": self.object.item}

    response = View.as_view(model=Purchase)(rf.get("/", headers=JSON), pk=purchase.pk)

    assert b'"item": "Honey"' in response.content


def test_history__is_one_list(get_as_reader, purchase, approve, manager, person):
    approve.assign(person("other"))
    task = Task.objects.get(name="approve")

    described = get_as_reader(f"/purchase/{purchase.pk}/history").json()

    event, open_task, start = described["history"]
    assert described["next"] is None
    assert event == {
        "entry": "event",
        "id": event["id"],
        "kind": "assigned",
        "task": task.pk,
        "created": event["created"],
        "by": None,
        "text": "other",
        "label": "Somebody gave it to other.",
    }
    assert open_task == {
        "entry": "task",
        "id": task.pk,
        "name": "approve",
        "label": "approve",
        "type": "human",
        "status": "scheduled",
        "url": f"/purchase/approve/{task.pk}/",
        "created": open_task["created"],
        "started": None,
        "due": None,
        "late": False,
        "completed": None,
        "completed_by": None,
        "reason": "",
    }
    assert (start["name"], start["status"], start["url"]) == ("start", "succeeded", None)


def test_history__says_who(get_as_reader, approve, manager):
    approve.claim(manager)
    Event.objects.create(_workflow_id=approve._workflow_id, kind=Event.PAUSED, user=manager)
    approve.finish(manager)

    entries = get_as_reader(f"/purchase/{approve._workflow_id}/history").json()["history"]

    known = {"id": manager.pk, "name": "manager"}
    assert [each.get("by") or each.get("completed_by") for each in entries] == [known, known, None]
    assert entries[0]["task"] is None


def test_history__has_no_events_for_who_is_not_logged_in(get, purchase):
    Event.objects.create(_workflow=purchase, kind=Event.COMMENTED, text="Hush")

    described = get(f"/purchase/{purchase.pk}/history").json()["history"]

    assert [entry["entry"] for entry in described] == ["task", "task"]


def test_history__comes_in_pages(get_as_reader, purchase, monkeypatch):
    monkeypatch.setattr(histories, "PER_PAGE", 2)
    Event.objects.create(_workflow=purchase, kind=Event.COMMENTED, text="Hello")
    url = f"/purchase/{purchase.pk}/history"

    first = get_as_reader(url).json()
    second = get_as_reader(first["next"]).json()

    kinds = [entry["entry"] for entry in [*first["history"], *second["history"]]]
    assert first["next"] == f"{url}?page=2"
    assert (kinds, second["next"]) == (["event", "task", "task"], None)


@pytest.mark.parametrize("page", ["0", "2", "x", "-1", "9" * 5000, "\x00"])
def test_history__no_such_page__is_not_found(client, purchase, page):
    response = client.get(f"/purchase/{purchase.pk}/history", {"page": page}, headers=JSON)

    assert response.status_code == 404


def test_history__is_of_one_instance(get, purchase):
    other = Purchase.objects.create()
    Event.objects.create(_workflow=other, kind=Event.COMMENTED)
    other.task_set.create(name="order", type="human", workflow=other)

    entries = get(f"/purchase/{purchase.pk}/history").json()["history"]

    assert [entry["name"] for entry in entries] == ["approve", "start"]


def test_browser__gets_the_page(client, purchase):
    response = client.get(f"/purchase/{purchase.pk}/history")

    assert response["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("permissions", "told"), [((), ""), (("joeflow.view_task",), "secret")])
def test_why_a_task_failed__is_for_those_who_may_know(client, person, permissions, told):
    failing = GreetingWorkflow.objects.create()
    failing.task_set.create(
        name="end", type="machine", status=Task.FAILED, exception="secret", workflow=failing
    )
    client.force_login(person("somebody", *permissions))

    [entry] = client.get(f"/greeting/{failing.pk}/history", headers=JSON).json()["history"]

    assert entry["reason"] == told


class TestStatements:
    def test_instance(self, get, purchase, statements):
        url = f"/purchase/{purchase.pk}/"
        get(url)

        with statements:
            get(url)

        assert len(statements.data) == 2, statements.data  # itself, and its open tasks

    def test_instance__that_has_ended(self, get, purchase, statements):
        purchase.cancel()
        get(f"/purchase/{purchase.pk}/")

        with statements:
            get(f"/purchase/{purchase.pk}/")

        assert len(statements.data) == 3, statements.data  # and whether it is of this class

    @pytest.mark.parametrize("count", [1, 20])
    def test_history(self, get_as_reader, purchase, manager, statements, count):
        for _ in range(count):
            Event.objects.create(_workflow=purchase, kind=Event.COMMENTED, user=manager)
            task = purchase.task_set.create(name="order", type="human", workflow=purchase)
            task.cancel(manager)
        get_as_reader(f"/purchase/{purchase.pk}/history")

        with statements:
            get_as_reader(f"/purchase/{purchase.pk}/history")

        # Session, user, permissions (two); the instance; how much there is, what is on the page;
        # its tasks, its events.
        assert len(statements.data) == 9, statements.data
