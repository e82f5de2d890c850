"""Forms whose instance is busy. How the databases lock is tested with them."""

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from joeflow.exceptions import InstanceLocked
from joeflow.models import Task
from joeflow.views import TaskViewMixin
from tests.testapp.models import GreetingWorkflow

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.mark.django_db(transaction=True)
def test_form__deadlock__keeps_what_was_typed(client, check_note, settings, monkeypatch):
    def deadlock(view):
        raise OperationalError("database is locked")

    monkeypatch.setattr("joeflow.views.TaskViewMixin.next_task", deadlock)
    monkeypatch.setattr("joeflow.locks.is_taken", lambda error, using: True)

    response = client.post(f"/greeting/check_note/{check_note.pk}/", {"note": "Typed"})

    check_note.refresh_from_db()
    assert response.status_code == 409
    assert "Typed" in response.text
    assert check_note.status == Task.SCHEDULED
    assert GreetingWorkflow.objects.get().note == "Hello"


@pytest.mark.django_db(transaction=True)
def test_form__closed_while_waiting__says_who_did_it(client, check_note, monkeypatch):
    def taken(*args, **kwargs):
        Task.objects.filter(pk=check_note.pk).update(status=Task.CANCELED, completed=NOW)
        raise InstanceLocked

    monkeypatch.setattr("joeflow.views.tasks.transition", taken)

    response = client.post(f"/greeting/check_note/{check_note.pk}/", {"note": "Typed"})

    assert response.status_code == 409
    assert "the task “check note” was canceled." in response.text


@pytest.mark.django_db(transaction=True)
def test_form__hook_after_the_commit_raises__is_not_told_to_try_again(
    client, check_note, monkeypatch
):
    def hook():
        raise InstanceLocked

    next_task = TaskViewMixin.next_task

    def with_hook(view):
        transaction.on_commit(hook)
        next_task(view)

    monkeypatch.setattr(TaskViewMixin, "next_task", with_hook)

    with pytest.raises(InstanceLocked):
        client.post(f"/greeting/check_note/{check_note.pk}/", {"note": "Hi"})

    check_note.refresh_from_db()
    assert check_note.status == Task.SUCCEEDED


def test_view_without_form__locked__says_so(client, monkeypatch):
    client.post("/bare/start/", {"text": "Hello"})
    task = Task.objects.get(name="answer")

    def taken(*args, **kwargs):
        raise InstanceLocked

    monkeypatch.setattr("joeflow.transitions.lock_instance", taken)

    response = client.post(f"/bare/answer/{task.pk}/right/")

    assert response.status_code == 409
    assert response.text == (
        "Somebody else is working on this at the moment. Please try again; nothing is lost."
    )


def test_form__locked__keeps_what_was_typed(client, check_note, monkeypatch):
    def taken(*args, **kwargs):
        raise InstanceLocked

    monkeypatch.setattr("joeflow.transitions.lock_instance", taken)

    response = client.post(f"/greeting/check_note/{check_note.pk}/", {"note": "Typed"})

    check_note.refresh_from_db()
    assert response.status_code == 409
    assert "Typed" in response.text
    assert "Please try again; nothing is lost." in response.text
    assert check_note.status == Task.SCHEDULED
