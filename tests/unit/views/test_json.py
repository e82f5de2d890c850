"""JSON in the place of a form."""

import json

import pytest
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponseRedirect
from django.test import RequestFactory
from django.views.generic import UpdateView

from joeflow.exceptions import InstanceLocked
from joeflow.models import Task, Workflow
from joeflow.views import TaskViewMixin
from tests.testapp.models import Bare, GreetingWorkflow, Sheet
from tests.testapp.workflows_human import BareStart

pytestmark = pytest.mark.django_db


def send(client, url, body, **options):
    body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return client.post(url, body, content_type="application/json", **options)


def test_start__creates_and_says_where_it_stands(client):
    response = send(client, "/greeting/start/", {"note": "Hello"})

    workflow = GreetingWorkflow.objects.get()
    add_one = workflow.task_set.get(name="add_one")
    assert response.status_code == 201
    assert response.json() == {
        "id": workflow.pk,
        "url": f"/greeting/{workflow.pk}/",
        "ended": False,
        "tasks": [
            {
                "id": add_one.pk,
                "name": "add_one",
                "type": "machine",
                "status": "scheduled",
                "url": None,
            }
        ],
    }


def test_update__saves_and_answers_200(client, greeting, check_note):
    response = send(client, f"/greeting/check_note/{check_note.pk}/", {"note": "Hi", "seen": True})

    greeting.refresh_from_db()
    assert response.status_code == 200
    assert (greeting.note, greeting.seen) == ("Hi", True)


@pytest.mark.parametrize("seen", [True, False])
def test_update__absent_keys__keep_their_values(client, greeting, check_note, seen):
    GreetingWorkflow.objects.update(note="Kept", seen=seen)

    send(client, f"/greeting/check_note/{check_note.pk}/", {})

    greeting.refresh_from_db()
    check_note.refresh_from_db()
    assert (greeting.note, greeting.seen) == ("Kept", seen)
    assert check_note.status == Task.SUCCEEDED


def test_update__false__unchecks(client, greeting, check_note):
    GreetingWorkflow.objects.update(seen=True)

    send(client, f"/greeting/check_note/{check_note.pk}/", {"seen": False})

    greeting.refresh_from_db()
    assert greeting.seen is False


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (
            {"user": 99},
            {"user": ["Select a valid choice. That choice is not one of the available choices."]},
        ),
        ({"colour": 1}, {"colour": ["There is no such field; the fields are: user, note."]}),
        ({"note": {"a": 1}}, {"note": ["This is the wrong type of value for this field."]}),
        ({"note": [1]}, {"note": ["This is the wrong type of value for this field."]}),
        ({"note": True}, {"note": ["This is the wrong type of value for this field."]}),
    ],
)
def test_invalid__says_what_is_wrong(client, body, errors):
    response = send(client, "/greeting/start/", body)

    assert response.status_code == 422
    assert response.json() == {"errors": errors}
    assert not Workflow.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '"text"',
        b"\xff",
        "[" * 100_000,
        '{"note": NaN}',
        '{"note": 1e999}',
        '{"note": "\\ud800"}',
        '{"note": ' + "9" * 10_000 + "}",
    ],
)
def test_malformed__is_a_bad_request(client, body):
    response = send(client, "/greeting/start/", body)

    assert response.status_code == 400
    assert response.json()["detail"].startswith("The body ")


@pytest.mark.parametrize("charset", ["klingon", "hex", "ascii"])
def test_wrong_charset__is_a_bad_request(client, charset):
    response = client.generic(
        "POST",
        "/greeting/start/",
        '{"note": "ä"}'.encode(),
        content_type=f"application/json; charset={charset}",
    )

    assert response.status_code == 400
    assert not Workflow.objects.exists()


def test_charset__is_honored(client):
    client.generic(
        "POST",
        "/greeting/start/",
        '{"note": "ä"}'.encode("latin-1"),
        content_type="application/json; charset=latin-1",
    )

    assert GreetingWorkflow.objects.get().note == "ä"


def test_unknown_task__is_not_found(client):
    response = send(client, "/greeting/check_note/4711/", {})

    assert response.status_code == 404
    assert response.json() == {"detail": "There is nothing at this address."}


def test_closed_task__is_a_conflict(client, check_note):
    check_note.cancel()

    response = send(client, f"/greeting/check_note/{check_note.pk}/", {})

    assert response.status_code == 409
    assert response.json() == {"detail": "This task is closed."}


def test_closed_task__get__is_gone(client, check_note):
    check_note.cancel()

    response = client.get(
        f"/greeting/check_note/{check_note.pk}/", headers={"content-type": "application/json"}
    )

    assert response.status_code == 410
    assert response.json() == {"detail": "This task is closed."}


def test_locked__is_a_conflict(client, check_note, monkeypatch):
    def taken(*args, **kwargs):
        raise InstanceLocked

    monkeypatch.setattr("joeflow.transitions.lock_instance", taken)

    response = send(client, f"/greeting/check_note/{check_note.pk}/", {"note": "Hi"})

    assert response.status_code == 409
    assert response.json() == {
        "detail": "Somebody else is working on this at the moment. Please try again; nothing is "
        "lost."
    }


def test_last_task__has_ended(client, admin_user):
    workflow = Sheet.start()

    response = send(client, f"/sheet/fill/{workflow.task_set.get(name='fill').pk}/", {})

    assert response.json() == {
        "id": workflow.pk,
        "url": f"/sheet/{workflow.pk}/",
        "ended": True,
        "tasks": [],
    }


def test_override__takes_no_json(client, greeting, check_note, admin_user):
    client.force_login(admin_user)

    response = send(client, greeting.get_override_url(), {"note": "Hi"})

    check_note.refresh_from_db()
    assert response.status_code == 415
    assert response.json() == {"detail": "This form is for people; it takes no JSON."}
    assert check_note.status == Task.SCHEDULED


def test_csrf__is_asked_for(client):
    client.handler.enforce_csrf_checks = True

    response = send(client, "/greeting/start/", {"note": "Hello"})

    assert response.status_code == 403
    assert not Workflow.objects.exists()


def test_own_start_that_redirects__says_what_was_started(client, monkeypatch):
    def start_and_go_elsewhere(view, request):
        view.object = Bare.objects.create(text="Made")
        view.next_task()
        return HttpResponseRedirect("/thanks/")

    monkeypatch.setattr(BareStart, "post", start_and_go_elsewhere)

    response = send(client, "/bare/start/", "{}")

    workflow = Bare.objects.get()
    assert response.status_code == 201
    assert response.json()["id"] == workflow.pk
    assert [task["name"] for task in response.json()["tasks"]] == ["answer"]


def test_own_start_that_redirects_and_starts_nothing__says_so(client, monkeypatch):
    monkeypatch.setattr(BareStart, "post", lambda view, request: HttpResponseRedirect("/thanks/"))

    response = send(client, "/bare/start/", "{}")

    assert response.status_code == 200
    assert response.json() == {"id": None, "url": None, "ended": False, "tasks": []}


def test_form_that_only_saves__says_that_the_task_is_open(
    client, greeting, check_note, monkeypatch
):
    monkeypatch.setattr(TaskViewMixin, "next_task", lambda view: None)

    response = send(client, check_note.get_absolute_url(), '{"note": "Draft"}')

    greeting.refresh_from_db()
    assert response.status_code == 200
    assert [task["name"] for task in response.json()["tasks"]] == ["check_note"]
    assert greeting.note == "Draft"


def test_mixin_behind_the_view_that_asks_for_a_login__is_unauthorized(client, check_note):
    class Behind(TaskViewMixin, LoginRequiredMixin, UpdateView):
        fields = ["note"]

    view = Behind.as_view(model=GreetingWorkflow, name="check_note")
    request = RequestFactory().post("/", "{}", content_type="application/json")
    request.user = AnonymousUser()

    response = view(request, pk=check_note.pk)

    check_note.refresh_from_db()
    assert response.status_code == 401
    assert check_note.completed is None


def test_mixin_that_sends_people_to_a_login_of_its_own__is_unauthorized(client, check_note):
    class Behind(TaskViewMixin, LoginRequiredMixin, UpdateView):
        fields = ["note"]

        def get_login_url(self):
            return "/sso/"

    view = Behind.as_view(model=GreetingWorkflow, name="check_note")
    request = RequestFactory().post("/", "{}", content_type="application/json")
    request.user = AnonymousUser()

    response = view(request, pk=check_note.pk)

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("number", "status"),
    [
        ("1e99999999999999999999", 400),
        ("-1e99999999999999999999", 400),
        ("1e-99999999999999999999", 201),
        ("0e99999999999999999999", 201),
    ],
)
def test_number_with_a_huge_exponent__is_rounded_or_refused(client, number, status):
    response = send(client, "/greeting/start/", f'{{"note": {number}}}')

    assert response.status_code == status


def test_wrong_method__is_said_in_json(client):
    response = client.delete("/greeting/start/", "{}", content_type="application/json")

    assert response.status_code == 405
    assert response.json()["detail"] == "This method is not allowed."
    assert "POST" in response.headers["Allow"]


def test_body_that_is_too_large__is_said_in_json(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    response = send(client, "/greeting/start/", '{"note": "More than ten"}')

    assert response.status_code == 413
    assert response.json() == {"detail": "The body is too large."}


def test_a_method_that_no_view_has__is_refused_as_such_also_where_nothing_is(client):
    response = client.generic(
        "TRACE", "/greeting/check_note/4711/", headers={"accept": "application/json"}
    )

    assert response.status_code == 405
    assert "GET" in response["Allow"]
    assert "HEAD" in response["Allow"]
