"""Bodies that are no form and no JSON, and methods that are none of a form."""

import json

import pytest

from joeflow.models import Task, Workflow
from tests.testapp.models import Sheet

pytestmark = pytest.mark.django_db

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def sheet(db):
    return Sheet.start(text="Old")


@pytest.fixture(params=["task", "override"])
def url(request, sheet):
    if request.param == "override":
        return sheet.get_override_url()
    return sheet.task_set.get(name="fill").get_absolute_url()


@pytest.mark.parametrize(
    ("method", "content_type"),
    [
        ("POST", "text/plain"),
        ("POST", "application/xml"),
        ("POST", "application/vnd.api+json"),
        ("POST", "nonsense"),
        ("PUT", FORM),
        ("PUT", "multipart/form-data; boundary=B"),
        ("PUT", "text/plain"),
    ],
)
def test_neither_form_nor_json__is_not_taken_for_an_empty_form(
    boss, sheet, url, method, content_type
):
    response = boss.generic(method, url, "text=New", content_type=content_type)

    sheet.refresh_from_db()
    assert response.status_code == 415
    assert response.text.startswith("Nothing was changed: send a form with POST")
    assert sheet.text == "Old"
    assert sheet.task_set.get(name="fill").status == Task.SCHEDULED


def test_start__neither_form_nor_json__creates_nothing(boss):
    response = boss.generic("PUT", "/greeting/start/", "note=New", content_type=FORM)

    assert response.status_code == 415
    assert not Workflow.objects.exists()


def test_nothing_at_all__is_an_empty_form(boss, sheet, url):
    response = boss.generic("POST", url, content_type="")

    assert response.status_code == 302


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "BREW"])
def test_json__other_methods__are_not_allowed(boss, method):
    response = boss.generic(method, "/greeting/start/", "{}", content_type=JSON)

    assert response.status_code == 405
    assert response.json() == {"detail": "This method is not allowed."}
    assert "POST" in response["Allow"]


def test_json__ten_megabytes__are_too_large(boss, sheet):
    url = sheet.task_set.get(name="fill").get_absolute_url()

    response = boss.generic("POST", url, json.dumps({"text": "x" * 10**7}), content_type=JSON)

    sheet.refresh_from_db()
    assert response.status_code == 413
    assert response.json() == {"detail": "The body is too large."}
    assert sheet.text == "Old"


def test_form__ten_megabytes__are_a_bad_request(boss, sheet, url):
    response = boss.post(url, {"text": "x" * 10**7})

    sheet.refresh_from_db()
    assert response.status_code == 400
    assert sheet.text == "Old"
