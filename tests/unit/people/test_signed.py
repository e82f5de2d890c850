"""Links with which one person does one task without a login."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given, strategies

from joeflow.models import Task
from joeflow.signed import read_token
from tests.testapp.models import Bare, GreetingWorkflow, Purchase

pytestmark = pytest.mark.django_db
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"


@pytest.fixture
def url(approve, manager):
    return approve.get_signed_url(manager)


def is_worthless(response):
    return response.status_code == 410 and "not valid any more" in response.content.decode()


def test_the_form_is_shown_and_nothing_is_done(url, client, approve):
    response = client.get(url)

    assert response.status_code == 200
    assert 'name="item"' in response.content.decode()
    approve.refresh_from_db()
    assert approve.status == Task.SCHEDULED


def test_the_form_is_sent__in_that_person_s_name(url, client, approve, manager):
    response = client.post(url, {"item": "Cake"})

    assert response.status_code == 200
    assert "The task “approve” is done." in response.content.decode()
    approve.refresh_from_db()
    assert (approve.status, approve.completed_by_user) == (Task.SUCCEEDED, manager)
    assert Purchase.objects.get().item == "Cake"


def test_nobody_is_logged_in_by_it(url, client, approve):
    client.post(url, {"item": "Cake"})

    assert "_auth_user_id" not in client.session
    assert client.get(f"/purchase/approve/{approve.pk}/").status_code == 302


def test_a_wrong_form__comes_again(url, client, approve):
    response = client.post(url, {"item": "x" * 200})

    assert response.status_code == 200
    assert "at most 100 characters" in response.content.decode()
    approve.refresh_from_db()
    assert approve.status == Task.SCHEDULED


def test_done__it_says_so_and_does_nothing(url, client, approve):
    client.post(url, {"item": "Cake"})

    assert client.get(url).status_code == 410
    assert client.post(url, {"item": "Pie"}).status_code == 409
    assert Purchase.objects.get().item == "Cake"


def test_given_to_somebody_else__it_is_worthless(url, client, approve, person):
    approve.assign(person("piglet"))

    assert is_worthless(client.get(url))
    assert is_worthless(client.post(url, {"item": "Pie"}))
    assert Purchase.objects.get().item == "Honey"


def test_given_to_somebody_else__also_for_who_may_reassign(client, approve, person):
    boss = person("boss", "joeflow.reassign")

    assert is_worthless(client.get(approve.get_signed_url(boss)))


def test_expired__it_is_worthless(client, approve, manager, time_machine):
    time_machine.move_to(datetime.now(UTC), tick=False)
    url = approve.get_signed_url(manager, max_age=timedelta(hours=1))

    time_machine.shift(timedelta(minutes=59))
    assert client.get(url).status_code == 200
    time_machine.shift(timedelta(minutes=1))
    assert is_worthless(client.get(url))


def test_it_is_good_for_three_days(client, approve, manager, time_machine):
    time_machine.move_to(datetime.now(UTC), tick=False)
    url = approve.get_signed_url(manager)
    time_machine.shift(timedelta(days=3, seconds=-5))
    assert client.get(url).status_code == 200
    time_machine.shift(timedelta(seconds=5))
    assert is_worthless(client.get(url))


@pytest.mark.parametrize("change", ["is_active", "password", "gone"])
def test_the_person_is_not_who_it_was__it_is_worthless(url, client, manager, approve, change):
    approve.assign(None)
    if change == "gone":
        manager.delete()
    else:
        setattr(manager, change, "" if change == "password" else False)
        manager.save()

    assert is_worthless(client.get(url))


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: "x" + t, lambda t: "a:b:c"])
def test_tampered_with__it_is_worthless(url, client, spoil):
    head, token = url.rstrip("/").rsplit("/", 1)

    assert is_worthless(client.get(f"{head}/{spoil(token)}/"))


@given(strategies.text())
def test_anything_else__is_no_token(text):
    assert read_token(text) is None


def test_the_token_of_another_task__is_worthless_here(url, client, order, buyer):
    token = order().get_signed_url(buyer).rstrip("/").rsplit("/", 1)[1]
    head = url.rstrip("/").rsplit("/", 1)[0]

    assert is_worthless(client.get(f"{head}/{token}/"))


def test_login_required_middleware__lets_it_pass(url, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOGIN_REQUIRED]

    assert Client().get(url).status_code == 200


def test_csrf_is_checked(url):
    assert Client(enforce_csrf_checks=True).post(url, {"item": "Pie"}).status_code == 403


def test_its_address_is_kept_to_itself(url, client):
    response = client.get(url)

    assert response["Referrer-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]


def test_json__gets_json(url, client, approve, person):
    response = client.post(url, '{"item": "Cake"}', content_type="application/json")
    assert response.status_code == 200
    assert response.json()["ended"] is False
    approve = Purchase.objects.get().task_set.get(name="order")
    url = approve.get_signed_url(person("piglet"))

    response = client.post(url, "{}", content_type="application/json")

    assert response.status_code == 410
    assert response.json() == {"detail": "This link is not valid any more."}


def test_who_has_only_the_permission(order, buyer, client):
    assert client.get(order().get_signed_url(buyer)).status_code == 200


def test_no_form__no_link(approve, manager):
    approve.cancel()

    assert approve.get_signed_url(manager) is None


def test_a_form_with_further_parts_of_the_url__has_no_link(manager):
    bare = Bare.objects.create()
    task = Task.objects.create(name="answer", type="human", workflow=bare)

    assert task.get_signed_url(manager) is None


def test_a_task_for_everybody(manager, client):
    greeting = GreetingWorkflow.objects.create()
    task = Task.objects.create(name="check_note", type="human", workflow=greeting)

    client.post(task.get_signed_url(manager), {"note": "Hi"})

    task.refresh_from_db()
    assert task.completed_by_user == manager
