"""Who gets JSON, and who gets a page."""

import pytest
from django.test import RequestFactory

from joeflow.models import Task
from joeflow.views import wants_json
from tests.testapp.models import GreetingWorkflow

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
JSON = {"accept": "application/json"}


@pytest.mark.parametrize(
    ("accept", "wants"),
    [
        ("application/json", True),
        ("application/*", True),
        ("application/json, text/html", True),
        ("application/json, */*", True),
        ("application/json;q=0.9, text/html;q=0.8", True),
        ("application/json; charset=utf-8", False),
        ("text/html, application/json", False),
        ("application/json;q=0.5, text/html", False),
        ("application/json;q=0", False),
        ("*/*", False),
        (BROWSER, False),
        ("image/png", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_accept__says_who_wants_json(accept, wants):
    request = RequestFactory().get("/", headers={"accept": accept})

    assert wants_json(request) is wants


def test_nothing_said__is_a_page():
    assert wants_json(RequestFactory().get("/")) is False


@pytest.mark.django_db
class TestPages:
    def test_browser__gets_the_form(self, client, check_note):
        response = client.get(check_note.get_absolute_url(), headers={"accept": BROWSER})

        assert response["Content-Type"].startswith("text/html")

    @pytest.mark.parametrize("accept", [BROWSER, "application/json"])
    def test_caches__are_told(self, client, check_note, accept):
        page = check_note.workflow.get_absolute_url()
        for url in ("/greeting/start/", check_note.get_absolute_url(), page):
            response = client.get(url, headers={"accept": accept})

            assert "Accept" in response["Vary"], url

    def test_head__is_that_of_json(self, client, check_note):
        response = client.head(check_note.get_absolute_url(), headers=JSON)

        assert response["Content-Type"] == "application/json"

    def test_form__is_answered_in_json(self, client, check_note):
        response = client.post(check_note.get_absolute_url(), {"note": "Hi"}, headers=JSON)

        check_note.refresh_from_db()
        assert (response.status_code, response.json()["id"]) == (200, check_note._workflow_id)
        assert check_note.status == Task.SUCCEEDED

    def test_form_that_is_not_valid__is_answered_in_json(self, client):
        response = client.post("/greeting/start/", {"user": "4711"}, headers=JSON)

        assert (response.status_code, list(response.json()["errors"])) == (422, ["user"])

    def test_nothing_sent__is_no_empty_form(self, client, check_note):
        GreetingWorkflow.objects.update(note="Kept")

        response = client.generic("POST", check_note.get_absolute_url(), headers=JSON)

        assert (response.status_code, list(response.json())) == (415, ["detail"])
        assert GreetingWorkflow.objects.get().note == "Kept"

    def test_nothing_sent_by_a_browser__is_an_empty_form(self, client, check_note):
        assert client.generic("POST", check_note.get_absolute_url()).status_code == 302

    def test_override__is_for_people_alone(self, client, greeting, admin_user):
        """Its redirect must not become a refusal: it has been done."""
        client.force_login(admin_user)

        response = client.post(
            greeting.get_override_url(), {"count": 1, "next_tasks": ["end"]}, headers=JSON
        )

        assert response.status_code == 302
        assert greeting.task_set.filter(name="override").exists()


@pytest.mark.django_db
class TestRefusals:
    """Those of a GET are those of a POST."""

    def test_unknown(self, client):
        response = client.get("/greeting/check_note/4711/", headers=JSON)

        assert response.status_code == 404
        assert response.json() == {"detail": "There is nothing at this address."}

    def test_unknown_instance(self, client):
        response = client.get("/greeting/4711/", headers=JSON)

        assert response.json() == {"detail": "There is nothing at this address."}

    def test_closed(self, client, check_note):
        url = check_note.get_absolute_url()
        check_note.cancel()

        response = client.get(url, headers=JSON)

        assert response.status_code == 410
        assert response.json() == {"detail": "This task is closed."}

    def test_nobody_is_logged_in(self, client):
        response = client.get("/guarded/start/", headers=JSON)

        assert (response.status_code, response.json()) == (401, {"detail": "Log in first."})

    def test_who_may_not(self, client, django_user_model):
        client.force_login(django_user_model.objects.create(username="ada"))

        response = client.get("/purchase/start/", headers=JSON)

        assert (response.status_code, response.json()) == (403, {"detail": "You may not do this."})

    def test_method(self, client):
        response = client.delete("/greeting/start/", headers=JSON)

        assert response.status_code == 405
        assert response.json() == {"detail": "This method is not allowed."}
