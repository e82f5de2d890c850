"""What a person sees and sends."""

import pytest

from joeflow.models import Task, Workflow
from joeflow.views import TaskViewMixin
from tests import runners
from tests.testapp.models import GreetingWorkflow

pytestmark = pytest.mark.django_db


def test_start_get__shows_form(client):
    response = client.get("/greeting/start/")

    assert response.status_code == 200
    assert 'name="note"' in response.text
    assert "count" not in response.context["form"].fields


def test_start_post__creates_instance_and_starts_what_follows(client, admin_user):
    client.force_login(admin_user)

    response = client.post("/greeting/start/", {"note": "Hello"})

    workflow = GreetingWorkflow.objects.get()
    assert response.status_code == 302
    assert response.url == f"/greeting/{workflow.pk}/"
    start = workflow.task_set.get(name="start")
    assert (start.status, start.completed_by_user) == (Task.SUCCEEDED, admin_user)
    assert workflow.task_set.get(name="add_one").status == Task.SCHEDULED


def test_start_post__invalid__creates_nothing(client):
    response = client.post("/greeting/start/", {"user": "99", "note": "Hello"})

    assert response.status_code == 200
    assert "user" in response.context["form"].errors
    assert not Workflow.objects.exists()


def test_update_post__saves_completes_and_goes_on(client, greeting, check_note, admin_user):
    client.force_login(admin_user)

    response = client.post(f"/greeting/check_note/{check_note.pk}/", {"note": "Hi", "seen": "on"})

    greeting.refresh_from_db()
    check_note.refresh_from_db()
    assert response.url == f"/greeting/{greeting.pk}/"
    assert (greeting.note, greeting.seen, greeting.count) == ("Hi", True, 1)
    assert (check_note.status, check_note.completed_by_user) == (Task.SUCCEEDED, admin_user)
    assert greeting.task_set.get(name="end").status == Task.SCHEDULED


def test_update_post__column_changed_since_get__is_kept(client, greeting, check_note):
    client.get(f"/greeting/check_note/{check_note.pk}/")
    GreetingWorkflow.objects.update(count=42)

    client.post(f"/greeting/check_note/{check_note.pk}/", {"note": "Hi"})

    greeting.refresh_from_db()
    assert (greeting.note, greeting.count) == ("Hi", 42)


def test_update_post__column_changed_behind_the_lock__is_kept(
    client, greeting, check_note, monkeypatch
):
    form_valid = TaskViewMixin.form_valid

    def meanwhile(view, form):
        GreetingWorkflow.objects.update(count=42)
        return form_valid(view, form)

    monkeypatch.setattr(TaskViewMixin, "form_valid", meanwhile)

    client.post(f"/greeting/check_note/{check_note.pk}/", {"note": "Hi"})

    greeting.refresh_from_db()
    assert (greeting.note, greeting.count) == ("Hi", 42)


def test_update_post__twice__second_is_told_who_and_when(
    client, greeting, check_note, admin_user, django_user_model
):
    first = django_user_model.objects.create_user("winnie")
    client.force_login(first)
    client.post(f"/greeting/check_note/{check_note.pk}/", {"note": "First"})
    client.force_login(admin_user)

    response = client.post(f"/greeting/check_note/{check_note.pk}/", {"note": "Second"})

    greeting.refresh_from_db()
    assert response.status_code == 409
    assert "winnie completed the task “check note”." in response.text
    assert "What you sent was not saved." in response.text
    assert greeting.note == "First"
    assert greeting.task_set.filter(name="end").count() == 1


def test_update_get__closed_task__is_gone(client, check_note):
    check_note.cancel()

    response = client.get(f"/greeting/check_note/{check_note.pk}/")

    assert response.status_code == 410
    assert "the task “check note” was canceled." in response.text


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("pk", ["0", "999999", "9" * 30])
def test_unknown_task__is_not_found(client, method, pk):
    response = getattr(client, method)(f"/greeting/check_note/{pk}/")

    assert response.status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_task_of_another_node__is_not_found(client, greeting, method):
    other = greeting.task_set.get(name="start")

    response = getattr(client, method)(f"/greeting/check_note/{other.pk}/")

    assert response.status_code == 404


@pytest.mark.django_db(transaction=True)
def test_update_post__hands_out_after_commit(client, check_note):
    runners.calls.clear()

    client.post(f"/greeting/check_note/{check_note.pk}/", {"note": "Hi"})

    end = Task.objects.get(name="end")
    assert [call.task_pk for call in runners.calls] == [end.pk]


@pytest.mark.django_db(transaction=True)
def test_update_post__broker_down__succeeds(client, check_note, settings):
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.broken"

    response = client.post(f"/greeting/check_note/{check_note.pk}/", {"note": "Hi"})

    assert response.status_code == 302
    assert Task.objects.get(name="end").status == Task.SCHEDULED
