"""Who gets in, and views of one's own."""

import pytest
from django.test import Client

from joeflow import tasks
from joeflow.exceptions import InvalidDefinition
from joeflow.models import Task
from tests.testapp.models import Assigned, Bare, Guarded

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}
WITH_LOGIN = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]


@pytest.fixture
def approve(client, admin_user):
    client.force_login(admin_user)
    client.post("/guarded/start/", {"text": "Please"})
    client.logout()
    return Task.objects.get(name="approve")


def test_login_required_mixin__sends_to_login(client):
    for response in (client.get("/guarded/start/"), client.post("/guarded/start/", {})):
        assert response.status_code == 302
        assert response.url == "/admin/login/?next=/guarded/start/"
    assert not Guarded.objects.exists()


def test_login_required_mixin__json__is_unauthorized(client):
    response = client.post("/guarded/start/", "{}", **JSON)

    assert response.status_code == 401
    assert response.json() == {"detail": "Log in first."}


def test_permission_required_mixin__forbids(client, approve, django_user_model):
    client.force_login(django_user_model.objects.create_user("piglet"))
    url = approve.get_absolute_url()

    assert client.get(url).status_code == 403
    assert client.post(url, {"text": "Approved"}).status_code == 403
    assert client.post(url, "{}", **JSON).status_code == 403
    approve.refresh_from_db()
    assert approve.status == Task.SCHEDULED


def test_permission_required_mixin__closed_task__tells_nothing(client, approve, django_user_model):
    approve.cancel()
    client.force_login(django_user_model.objects.create_user("piglet"))

    assert client.get(f"/guarded/approve/{approve.pk}/").status_code == 403


def test_permission_required_mixin__lets_in(client, approve, admin_user):
    client.force_login(admin_user)

    response = client.post(approve.get_absolute_url(), {"text": "Approved"})

    assert response.status_code == 302
    assert Guarded.objects.get().text == "Approved"


def test_login_required_middleware__guards_every_view(greeting, check_note, settings):
    settings.MIDDLEWARE = WITH_LOGIN
    client = Client()  # with these

    for url in (
        "/greeting/start/",
        check_note.get_absolute_url(),
        greeting.get_absolute_url(),
        greeting.get_override_url(),
    ):
        response = client.get(url)
        assert response.status_code == 302, url
        assert response.url == f"/admin/login/?next={url}"


def test_view_without_form__starts(client):
    response = client.post("/bare/start/", {"text": "Hello"})

    workflow = Bare.objects.get()
    assert response.content == str(workflow.pk).encode()
    assert list(workflow.task_set.order_by("pk").values_list("name", "status")) == [
        ("start", Task.SUCCEEDED),
        ("answer", Task.SCHEDULED),
    ]


def test_view_without_form__chooses_what_follows(client):
    client.post("/bare/start/", {"text": "Hello"})
    task = Task.objects.get(name="answer")

    response = client.post(f"/bare/answer/{task.pk}/right/")

    assert response.content == b"right"
    assert [child.name for child in task.child_task_set.all()] == ["right"]


def test_create_task__gives_the_task_to_somebody(admin_user):
    workflow = Assigned.start(owner=admin_user)

    review = workflow.task_set.get(name="review")
    assert list(review.assignees.all()) == [admin_user]
    assert [parent.name for parent in review.parent_task_set.all()] == ["start"]


def test_unknown_option__is_refused_where_it_is_declared():
    with pytest.raises(InvalidDefinition) as caught:
        tasks.UpdateView(feilds=["text"])

    assert str(caught.value) == (
        "UpdateView has no option 'feilds'. A view takes the names of its class attributes, like "
        "fields, form_class or template_name."
    )
