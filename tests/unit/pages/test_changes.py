"""Whether an instance has changed: asked with the mark of its page, answered with a statement."""

import pytest
from django.test import Client
from django.utils import timezone

from joeflow.models import Event, Task, Workflow
from joeflow.views.pages.changes import mark_of
from tests.testapp.models import Letter, Purchase
from tests.unit.pages.conftest import make_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, sign):
    """The page of an instance, as somebody looks at it."""
    return client.get(sign.workflow.get_absolute_url()).context


def ask(client, page, mark=None):
    headers = {"If-None-Match": f'"{page["mark"] if mark is None else mark}"'}
    return client.get(page["changes_url"], headers=headers).status_code


def test_nothing_has_changed__takes_one_statement(client, page, statements):
    with statements:
        status = ask(client, page)

    assert status == 304
    assert len(statements.data) == 1, statements.data


def test_where_all_have_to_log_in__it_needs_no_login(client, page, statements, settings):
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"
    ]  # fmt: skip

    with statements:
        status = ask(Client(), page)  # the script sends no cookies

    assert status == 304
    assert len(statements.data) == 1, statements.data


def close(task):
    task.cancel()


def fail(task):
    Task.objects.filter(pk=task.pk).update(status=Task.FAILED, modified=timezone.now())


def open_another(task):
    task.workflow.task_set.create(name="sign", type="human", workflow=task.workflow)


def pause(task):
    Workflow.objects.filter(pk=task._workflow_id).update(_paused=timezone.now())


def be_late(task):
    make_due(task, seconds=-1)


def comment(task):
    Event.objects.create(_workflow_id=task._workflow_id, kind=Event.COMMENTED, text="x")


def save(task):
    task.workflow.item = "Cake"
    task.workflow.save()


def give(task):
    from django.contrib.auth.models import User

    task.assignees.add(User.objects.create(username="x"))


def give_to_group(task):
    from django.contrib.auth.models import Group

    task.assigned_groups.add(Group.objects.create(name="x"))


@pytest.mark.parametrize(
    "change",
    [close, fail, open_another, pause, be_late, comment, save, give, give_to_group],
    ids=lambda change: change.__name__,
)
def test_something_has_changed(client, page, sign, change):
    change(sign)

    assert ask(client, page) == 204
    assert client.get(sign.workflow.get_absolute_url()).context["mark"] != page["mark"]


def test_a_mail_has_gone_out_that_had_not(client, sign):
    event = Event.objects.create(
        _workflow_id=sign._workflow_id, kind=Event.MAILED, eta=timezone.now()
    )
    page = client.get(sign.workflow.get_absolute_url()).context

    Event.objects.filter(pk=event.pk).update(text="ann", eta=None)

    assert ask(client, page) == 204


def test_what_changes_elsewhere(client, page, order):
    order().cancel()

    assert ask(client, page) == 304


@pytest.mark.parametrize("mark", ["", "x", "é".encode().decode("latin-1"), "*", "a" * 64])
def test_without_the_mark_nothing_is_said(client, page, mark):
    assert ask(client, page, mark) == 204


def test_an_unknown_instance_looks_like_a_changed_one(client, page):
    answer = client.get("/purchase/4711/changes", headers={"If-None-Match": '"x"'})

    assert (answer.status_code, answer.content) == (204, b"")
    assert not answer.has_header("ETag")


def test_a_mark_is_of_one_instance_alone():
    one, two, other = Purchase(pk=1), Purchase(pk=2), Letter(pk=1)
    for workflow in (one, two, other):
        workflow.joeflow_state_tasks = 1

    assert len({mark_of(workflow) for workflow in (one, two, other)}) == 3


def test_an_instance_of_which_nothing_was_asked_has_no_mark():
    assert mark_of(Purchase(pk=1)) == ""


def test_the_answer_names_the_mark(client, page):
    headers = {"If-None-Match": f'W/"{page["mark"]}", "other"'}

    answer = client.get(page["changes_url"], headers=headers)

    assert (answer.status_code, answer["ETag"]) == (304, f'"{page["mark"]}"')


def test_no_cache_keeps_the_answer(client, page):
    assert "no-store" in client.get(page["changes_url"])["Cache-Control"]


def test_nothing_is_done_there(client, page):
    assert client.post(page["changes_url"]).status_code == 405


def test_the_page_says_where_to_ask(client, page, sign):
    text = client.get(sign.workflow.get_absolute_url()).text

    assert f'data-changes="{page["changes_url"]}"' in text
    assert f'data-mark="{page["mark"]}"' in text
    assert 'src="/static/joeflow/live.js"' in text
