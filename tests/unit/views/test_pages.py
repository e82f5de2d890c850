"""The page of an instance, and stepping in."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from joeflow.exceptions import InstanceLocked, RendererMissing
from joeflow.models import Task
from tests.testapp.models import GreetingWorkflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def may_override(django_user_model):
    user = django_user_model.objects.create_user("winnie")
    user.user_permissions.add(Permission.objects.get(codename="override"))
    return user


def override_data(client, greeting, **changes):
    form = client.get(greeting.get_override_url()).context["form"]
    return {
        "note": "Hello",
        "count": "1",
        "open_tasks": form["open_tasks"].value(),
        **changes,
    }


def test_detail__shows_graph_and_tasks(client, greeting, check_note):
    response = client.get(greeting.get_absolute_url())

    assert response.status_code == 200
    assert "<svg" in response.text
    assert f'<a href="/greeting/check_note/{check_note.pk}/">check note</a>' in response.text
    assert "Step in" not in response.text


def test_detail__no_renderer__shows_tasks_and_mermaid(client, greeting, monkeypatch):
    def fail(*args, **kwargs):
        raise RendererMissing

    monkeypatch.setattr("joeflow.diagrams.dot.render_svg", fail)

    response = client.get(greeting.get_absolute_url())

    assert response.status_code == 200
    assert "check note" in response.text
    assert "graph LR" in response.text


def test_detail__failed_task__shows_reason_escaped(client, greeting, check_note):
    Task.objects.filter(pk=check_note.pk).update(status="failed", exception="<script>alert(1)")

    response = client.get(greeting.get_absolute_url())

    assert "&lt;script&gt;alert(1)" in response.text
    assert "<script" not in response.text


def test_detail__asks_the_same_number_of_times_for_more_tasks(client, greeting):
    with CaptureQueriesContext(connection) as few:
        client.get(greeting.get_absolute_url())
    for _ in range(20):
        greeting.task_set.create(name="end", type="machine", workflow=greeting)

    with CaptureQueriesContext(connection) as many:
        client.get(greeting.get_absolute_url())

    assert len(many) == len(few)


def test_override__anonymous__must_log_in(client, greeting):
    response = client.get(greeting.get_override_url())

    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


def test_override__without_permission__is_forbidden(client, greeting, django_user_model):
    client.force_login(django_user_model.objects.create_user("piglet"))

    assert client.get(greeting.get_override_url()).status_code == 403
    assert client.post(greeting.get_override_url(), {}).status_code == 403


def test_override__cancels_records_and_starts(client, greeting, check_note, may_override):
    client.force_login(may_override)
    data = override_data(client, greeting, note="Changed", next_tasks=["end"])

    response = client.post(greeting.get_override_url(), data)

    greeting.refresh_from_db()
    check_note.refresh_from_db()
    override = greeting.task_set.get(name="override")
    assert response.url == greeting.get_absolute_url()
    assert greeting.note == "Changed"
    assert (check_note.status, check_note.completed_by_user) == (Task.CANCELED, may_override)
    assert (override.status, override.completed_by_user) == (Task.SUCCEEDED, may_override)
    assert list(override.parent_task_set.all()) == [check_note]
    assert [task.name for task in override.child_task_set.all()] == ["end"]


def test_override__offers_all_but_the_start(client, greeting, may_override):
    client.force_login(may_override)

    form = client.get(greeting.get_override_url()).context["form"]

    assert [name for name, _ in form.fields["next_tasks"].choices] == [
        "add_one",
        "check_note",
        "end",
    ]


def test_override__open_tasks_changed_meanwhile__shows_new_state(
    client, greeting, check_note, may_override
):
    client.force_login(may_override)
    data = override_data(client, greeting, note="Stale", next_tasks=["end"])
    check_note.finish()
    check_note.start_next_tasks()

    response = client.post(greeting.get_override_url(), data)

    greeting.refresh_from_db()
    assert response.status_code == 409
    assert "Meanwhile this has changed." in response.text
    assert greeting.note == "Hello"
    assert not greeting.task_set.filter(name="override").exists()


def test_override__locked__keeps_what_was_typed(client, greeting, may_override, monkeypatch):
    client.force_login(may_override)
    data = override_data(client, greeting, note="Typed", next_tasks=["end"])

    def taken(*args, **kwargs):
        raise InstanceLocked

    monkeypatch.setattr("joeflow.transitions.lock_instance", taken)

    response = client.post(greeting.get_override_url(), data)

    assert response.status_code == 409
    assert "Typed" in response.text
    assert "Please try again." in response.text


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


def test_own_permission_to_override__is_enough(client, greeting, django_user_model):
    from django.contrib.contenttypes.models import ContentType

    user = django_user_model.objects.create_user("owl")
    content_type = ContentType.objects.get_for_model(GreetingWorkflow, for_concrete_model=False)
    own = Permission.objects.create(
        codename="override_greetingworkflow", content_type=content_type, name="Step in"
    )
    user.user_permissions.add(own)
    client.force_login(user)

    assert client.get(greeting.get_override_url()).status_code == 200


@pytest.mark.parametrize("page", ["detail", "override"])
def test_unknown_instance__is_not_found(client, admin_user, page):
    client.force_login(admin_user)
    suffix = {"detail": "", "override": "override"}[page]

    assert client.get(f"/greeting/4711/{suffix}").status_code == 404
    assert client.post("/greeting/4711/override", {}).status_code == 404
