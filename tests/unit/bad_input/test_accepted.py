"""A request that is accepted changes what its page offers to this person, and nothing else.

The requests are good ones, to which something is added: the columns of rows that the page does not
offer, and the key of another task or instance.
"""

import json
from dataclasses import dataclass

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from joeflow.models import Task, Workflow
from tests.unit.bad_input import strategies
from tests.unit.bad_input.requests import Change, fuzz
from tests.unit.bad_input.world import snapshot

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.timeout(3600),
    pytest.mark.usefixtures("quiet"),
]

CHOSEN = 987654  # a key that nobody is given
#: What somebody might add to a form: columns of the workflow, of joeflow's tables and of a formset.
ADDED = {
    "id": CHOSEN, "pk": CHOSEN, "workflow_ptr": CHOSEN, "workflow_ptr_id": CHOSEN,
    "created": "2001-01-01 00:00", "modified": "2001-01-01 00:00", "ended": "2001-01-01 00:00",
    "_ended": "2001-01-01 00:00", "created_0": "2001-01-01", "created_1": "00:00",
    "text": "added", "note": "added", "count": "5", "seen": "on", "sent": "on", "user": "{user}",
    "owner": "{user}", "user_id": "{user}", "owner_id": "{user}", "borrower": "added",
    "status": "succeeded", "completed": "2001-01-01 00:00", "completed_by_user": "{user}",
    "task_set-0-id": "{key}", "task_set-0-_workflow": "{key}", "task_set-0-status": "succeeded",
    "task_set-TOTAL_FORMS": "1", "task_set-INITIAL_FORMS": "1", "task_set-0-DELETE": "on",
    "next_tasks": "end", "open_tasks": "{key}", "workflow": "{key}", "task": "{key}",
}  # fmt: skip


@dataclass(frozen=True)
class Page:
    """A form.

    Args:
        path: Its address, with a place for a key.
        people: Who may use it.
        sent: What a good request says.
        offered: Columns of the workflow's own row that it may write.
        node: The node of the task whose key stands in the address; None: an instance's.
        creates: Names of tasks that it may create.
    """

    path: str
    people: frozenset
    sent: dict
    offered: frozenset
    node: str | None
    creates: frozenset


def page(path, people, sent, *, offered=(), node=None, creates=()):
    return Page(path, frozenset(people.split()), sent, frozenset(offered), node, frozenset(creates))


EVERYBODY = "anonymous stranger owner boss"
PAGES = [
    page(
        "/greeting/check_note/{}/", EVERYBODY, {"note": "New", "seen": "on"},
        offered=["note", "seen"], node="check_note", creates=["end"],
    ),
    page(
        "/greeting/{}/override", "boss", {"note": "New", "count": "3", "next_tasks": "end"},
        offered=["note", "seen", "count", "user_id"], creates=["override", "end"],
    ),
    page(
        "/guarded/approve/{}/", "boss", {"text": "New"},
        offered=["text"], node="approve", creates=["reply"],
    ),
    page("/assigned/sign/{}/", "owner", {}, node="sign"),
    page("/bare/answer/{}/left/", EVERYBODY, {}, offered=["text"], node="answer", creates=["left"]),
    page(
        "/admin/testapp/letter/{}/change/", "boss",
        {"text": "New", "task_set-TOTAL_FORMS": "0", "task_set-INITIAL_FORMS": "0"},
        offered=["text", "sent"],
    ),
]  # fmt: skip
STARTS = [
    page(
        "/greeting/start/", EVERYBODY, {"note": "New"},
        offered=["note", "user_id"], creates=["start", "add_one"],
    ),
    page(
        "/guarded/start/", "stranger owner boss", {"text": "New"},
        offered=["text"], creates=["start", "approve"],
    ),
]  # fmt: skip


@pytest.fixture
def people(world, anonymous, boss, django_user_model):
    """Return the clients of several people by what they are."""
    clients = {"anonymous": anonymous, "boss": boss}
    users = {"owner": world.owner, "stranger": django_user_model.objects.create(username="new")}
    for name, user in users.items():
        clients[name] = Client(raise_request_exception=False)
        clients[name].force_login(user)
    # Who logs in is written to a row that no test looks at; all else is as it was.
    assert snapshot() == world.rows
    return clients


@pytest.fixture
def accepted():
    """Return a list of what was accepted; a test that sends nothing good proves nothing."""
    found = set()
    yield found
    assert found, "no request was accepted"


def fill(draw, sent, world):
    """Return a body: what is good, with some columns more."""
    names = draw(st.lists(st.sampled_from(sorted(ADDED)), min_size=8, max_size=16, unique=True))
    values = {"user": world.owner.pk, "key": draw(st.sampled_from(world.keys))}
    added = {name: str(ADDED[name]).format(**values) for name in names}
    data = sent | added if draw(st.booleans()) else added | sent
    kind = draw(st.sampled_from(["form", "parts", "json"]))
    if kind == "json":
        return strategies.CONTENT_TYPES[2], json.dumps(data).encode()
    write = {"form": strategies.urlencoded, "parts": strategies.multipart}[kind]
    return strategies.CONTENT_TYPES[kind == "parts"], write(list(data.items()))


TASK = Task._meta.label
WORKFLOW = Workflow._meta.label
#: What a transition writes to a task that it ends.
ENDED = {
    *("status", "completed", "completed_by_user_id", "modified", "eta", "attempts", "started"),
    "before",
}


def check(change, page, name, workflow_pk, task_pk):
    """Look at each row and column that a request has changed."""
    assert name in page.people, (change.said, "is not for", name)
    for (label, pk), column in change.changes:
        where = (change.said, label, pk, column)
        row = change.after.get((label, pk))
        assert row is not None, (where, "is deleted")
        if column is None and label == TASK:
            assert row["_workflow_id"] == workflow_pk, where
            assert row["name"] in page.creates, where
        elif column is None:
            assert row.get("from_task_id") in change.new_tasks, where
        elif label == TASK:
            assert row["_workflow_id"] == workflow_pk, where
            assert task_pk in (None, pk), where
            assert column in ENDED, where
        elif label == WORKFLOW:
            assert (pk, column) in {(workflow_pk, "modified"), (workflow_pk, "_ended")}, where
        else:
            assert (pk, column in page.offered) == (workflow_pk, True), where


def send(world, page, people, name, key, content_type, body):
    """Send a request; where it was accepted, look at all that it has changed, and return True."""
    task = Task.objects.filter(pk=key).select_related("content_type").first()

    change = Change(world, people[name], "POST", page.path.format(key), body, content_type)

    if change.response.status_code >= 400 or not change.changes:
        assert not change.changes, (change.said, change.changes)
        return False
    if page.node is None:
        check(change, page, name, key, None)
    else:
        assert (task.name, task.completed) == (page.node, None), change.said
        assert task.content_type.model.startswith(page.path.split("/")[1]), change.said
        check(change, page, name, task._workflow_id, task.pk)
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_each_key_at_each_address_by_each_person(world, people, page):
    accepted = set()
    for name in people:
        for key in world.keys:
            body = strategies.urlencoded(list(page.sent.items()))
            if send(world, page, people, name, key, strategies.FORM, body):
                accepted.add((name, key))

    assert {name for name, _ in accepted} == page.people
    assert 1 <= len({key for _, key in accepted}) <= 2  # those of the same kind


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
@fuzz(40)
@given(st.data())
def test_what_is_sent_besides(world, people, accepted, page, data):
    name = data.draw(st.sampled_from(sorted(page.people)))
    model = page.path.rpartition("/{}")[0].split("/")[-1 if page.node is None else 1]
    tasks = Task.objects.open().filter(content_type__model__startswith=model)
    tasks = tasks.filter(name=page.node) if page.node else tasks
    keys = sorted({key for (key,) in tasks.values_list("pk" if page.node else "_workflow_id")})
    key = data.draw(st.sampled_from(keys))
    content_type, body = fill(data.draw, page.sent, world)

    if send(world, page, people, name, key, content_type, body):
        accepted.add((name, key))


@fuzz(40)
@given(st.data())
def test_what_is_new(world, people, accepted, data):
    page = data.draw(st.sampled_from(STARTS))
    name = data.draw(st.sampled_from(sorted(people)))
    content_type, body = fill(data.draw, page.sent, world)

    change = Change(world, people[name], "POST", page.path, body, content_type)

    new = {key: change.after[key] for key, column in change.changes if column is None}
    assert len(new) == len(change.changes), change.said  # nothing else has changed
    if not new:
        return
    accepted.add((page.path, name))
    assert name in page.people, change.said
    [workflow_pk] = {pk for label, pk in new if label == WORKFLOW}
    assert workflow_pk != CHOSEN
    for (label, _), row in new.items():
        if label == TASK:
            assert (row["_workflow_id"], row["name"] in page.creates) == (workflow_pk, True), row
        elif label == WORKFLOW:
            assert row["_ended"] is None
            assert row["created"].year > 2001
        elif "workflow_ptr_id" in row:
            chosen = {column for column in row if row[column] != change.default(label, column)}
            assert chosen <= {*page.offered, "workflow_ptr_id"}, (change.said, row)
