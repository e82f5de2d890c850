"""Who gets in, and views of one's own."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import resolve

from joeflow import tasks
from joeflow.exceptions import InvalidDefinition
from joeflow.models import Task
from tests.testapp.models import Assigned, Bare, GreetingWorkflow, Guarded
from tests.testapp.workflows_human import OwnersOnlyView, ReplyView

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
    assert Bare.objects.get().text == "Hello, right"
    assert [child.name for child in task.child_task_set.all()] == ["right"]


@pytest.fixture
def reply(db):
    """A task with a form that is none of the model."""
    return Guarded.get_node("reply").create_task(Guarded.objects.create(text="Hello."), None)


def test_other_form__completes_and_goes_to_the_instance(client, reply):
    assert client.get(reply.get_absolute_url()).status_code == 200

    response = client.post(reply.get_absolute_url(), {"text": "Hi."})

    reply.refresh_from_db()
    assert response.url == reply.workflow.get_absolute_url()
    assert reply.status == Task.SUCCEEDED
    assert reply.workflow.text == "Hello. Hi."


def test_other_form__json(client, reply):
    response = client.post(reply.get_absolute_url(), {"text": "Hi."}, **JSON)

    assert response.status_code == 200
    assert response.json()["id"] == reply._workflow_id
    assert response.json()["ended"] is True


def test_other_form__success_url__is_where_it_goes(client, reply, monkeypatch):
    monkeypatch.setattr(ReplyView, "success_url", "/thanks/")

    response = client.post(reply.get_absolute_url(), {"text": "Hi."})

    assert response.url == "/thanks/"


def test_other_form__nowhere_to_go__says_what_is_missing_and_changes_nothing(
    client, reply, monkeypatch
):
    resolve("/guarded/start/")  # the addresses are made once, of the class as it is
    monkeypatch.setattr(Guarded, "detail_view", None)

    with pytest.raises(ImproperlyConfigured) as caught:
        client.post(reply.get_absolute_url(), {"text": "Hi."})

    assert str(caught.value) == (
        "Guarded.reply has no URL to go to. Give it a success_url, or the workflow a detail_view."
    )
    assert Guarded.objects.get().text == "Hello."


def test_other_form__json__leaves_out_what_is_required(client, reply):
    response = client.post(reply.get_absolute_url(), {}, **JSON)

    assert response.status_code == 422
    assert response.json() == {"errors": {"text": ["This field is required."]}}


def test_create_task__gives_the_task_to_somebody(admin_user):
    workflow = Assigned.start(owner=admin_user)

    review = workflow.task_set.get(name="review")
    assert list(review.assignees.all()) == [admin_user]
    assert [parent.name for parent in review.parent_task_set.all()] == ["start"]


@pytest.fixture
def sign(client, admin_user):
    """A task that only the owner of the workflow may do."""
    workflow = Assigned.objects.create(owner=admin_user)
    task = Assigned.get_node("sign").create_task(workflow, None)
    client.force_login(admin_user)
    return task


def test_permission_that_looks_at_the_task__lets_in(client, sign):
    assert client.get(sign.get_absolute_url()).status_code == 200
    assert client.post(sign.get_absolute_url()).status_code == 302
    sign.refresh_from_db()
    assert sign.status == Task.SUCCEEDED


def test_permission_that_looks_at_the_task__closed__tells_those_who_may_see_it(client, sign):
    url = sign.get_absolute_url()
    sign.cancel()

    assert client.get(url).status_code == 410
    assert client.post(url).status_code == 409


def test_permission_that_looks_at_the_task__closed__tells_others_nothing(
    client, sign, django_user_model
):
    client.force_login(django_user_model.objects.create_user("piglet"))
    url = sign.get_absolute_url()
    sign.cancel()

    assert client.get(url).status_code == 403
    assert client.post(url).status_code == 403


def test_permission_that_looks_at_the_task__closed_before_the_lock__is_a_conflict(
    client, sign, monkeypatch
):
    def closes_it(view):
        allowed = view.get_task().assignees.exists()
        Task.objects.get(pk=sign.pk).cancel()
        return allowed

    monkeypatch.setattr(OwnersOnlyView, "test_func", closes_it)

    response = client.post(sign.get_absolute_url())

    assert response.status_code == 409


@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("method", ["get", "post"])
def test_instance_that_a_view_hides__is_not_found_whether_the_task_is_open_or_closed(
    client, db, monkeypatch, method, is_closed
):
    task = GreetingWorkflow.check_note.create_task(GreetingWorkflow.objects.create(), None)
    url = task.get_absolute_url()
    if is_closed:
        task.cancel()
    assert client.get(url).status_code == (410 if is_closed else 200)
    nothing = GreetingWorkflow.objects.none()
    monkeypatch.setattr(type(GreetingWorkflow.check_note), "get_queryset", lambda view: nothing)

    response = getattr(client, method)(url)

    assert response.status_code == 404


def test_start_that_chooses_what_follows(client, admin_user):
    client.force_login(admin_user)

    response = client.post("/assigned/choose/")

    workflow = Assigned.objects.get()
    choose = workflow.task_set.get(name="choose")
    assert response.url == "/thanks/"
    assert (choose.status, choose.completed_by_user) == (Task.SUCCEEDED, admin_user)
    assert [task.name for task in choose.child_task_set.all()] == ["review"]


def test_start_that_redirects_elsewhere__json__still_answers_json(client, admin_user):
    client.force_login(admin_user)

    response = client.post("/assigned/choose/", "{}", **JSON)

    review = Task.objects.get(name="review")
    assert response.status_code == 201
    assert [task["id"] for task in response.json()["tasks"]] == [review.pk]


def test_site_without_users__forms_work(greeting, check_note, settings):
    settings.MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
    client = Client()  # with this alone

    assert client.get(greeting.get_absolute_url()).status_code == 200
    assert client.post(check_note.get_absolute_url(), {"note": "Hi"}).status_code == 302
    check_note.refresh_from_db()
    assert (check_note.status, check_note.completed_by_user) == (Task.SUCCEEDED, None)


def test_unknown_option__is_refused_where_it_is_declared():
    with pytest.raises(InvalidDefinition) as caught:
        tasks.UpdateView(feilds=["text"])

    assert str(caught.value) == (
        "UpdateView has no option 'feilds'. A view takes the names of its class attributes, like "
        "fields, form_class or template_name."
    )
