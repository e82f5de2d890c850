"""Bodies that no form can be read from do not count as empty forms."""

import pytest
from django.contrib.auth.models import Permission

from joeflow.models import Task
from tests.testapp.models import Sheet

pytestmark = pytest.mark.django_db


@pytest.fixture
def may_override(client, django_user_model):
    user = django_user_model.objects.create_user("winnie")
    user.user_permissions.add(Permission.objects.get(codename="override"))
    client.force_login(user)


UNREADABLE = [
    "text/plain",
    "application/vnd.api+json",
    "application/xml",
    "application/octet-stream",
    "",
    "nonsense; charset=klingon",
]


@pytest.mark.parametrize("content_type", UNREADABLE)
def test_form__unreadable__is_refused(client, greeting, check_note, content_type):
    url = check_note.get_absolute_url()

    response = client.generic("POST", url, b'{"note": "New"}', content_type=content_type)

    greeting.refresh_from_db()
    check_note.refresh_from_db()
    assert response.status_code == 415
    assert response.text == (
        "Nothing was changed: send a form with POST, or JSON with POST or PUT."
    )
    assert greeting.note == "Hello"
    assert check_note.status == Task.SCHEDULED


@pytest.mark.parametrize("content_type", UNREADABLE)
@pytest.mark.usefixtures("may_override")
def test_override__unreadable__is_refused(client, greeting, content_type):
    url = greeting.get_override_url()

    response = client.generic("POST", url, b"note=New", content_type=content_type)

    greeting.refresh_from_db()
    assert response.status_code == 415
    assert greeting.note == "Hello"
    assert [task.name for task in greeting.task_set.open()] == ["check_note"]


def test_form__put__is_refused(client, greeting, check_note):
    url = check_note.get_absolute_url()

    response = client.put(url, "note=New", content_type="application/x-www-form-urlencoded")

    greeting.refresh_from_db()
    assert response.status_code == 415
    assert greeting.note == "Hello"
    assert greeting.task_set.open().get().name == "check_note"


@pytest.mark.usefixtures("may_override")
def test_override__put__is_refused(client, greeting):
    form = "application/x-www-form-urlencoded"
    response = client.put(greeting.get_override_url(), "next_tasks=end", content_type=form)

    assert response.status_code == 415
    assert greeting.task_set.open().get().name == "check_note"


def test_form__put_of_json__is_read(client, greeting, check_note):
    response = client.put(
        check_note.get_absolute_url(), {"note": "New"}, content_type="application/json"
    )

    greeting.refresh_from_db()
    assert response.status_code == 200
    assert greeting.note == "New"


def test_form__nothing_sent__is_an_empty_form(client, greeting, check_note):
    response = client.generic("POST", check_note.get_absolute_url(), content_type="")

    assert response.status_code == 302


@pytest.mark.parametrize("key", [str(2**63), "9" * 30, "9" * 5000, "٣"])
@pytest.mark.parametrize(
    "path", ["/greeting/{}/", "/greeting/{}/override", "/greeting/check_note/{}/"]
)
def test_key_that_no_database_can_hold__is_not_found(client, key, path):
    assert client.get(path.format(key)).status_code == 404
    assert client.post(path.format(key)).status_code == 404


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "[1e999]",
        '"\\ud800"',
        '"\\u0000"',
        '{"\\u0000": 1}',
        "[" * 100_000,
        "9" * 5000,
        "[" * 101 + "]" * 101,
    ],
)
def test_json_that_some_database_refuses__is_an_error_of_the_form(client, value):
    sheet = Sheet.start(text="Old")
    url = sheet.task_set.get(name="fill").get_absolute_url()

    response = client.post(url, {"extra": value, "text": "New"})

    sheet.refresh_from_db()
    assert response.status_code == 200
    assert response.context["form"].errors == {"extra": ["This value cannot be stored."]}
    assert sheet.text == "Old"


def test_json_of_as_many_levels_as_all_databases_take__is_stored(client):
    sheet = Sheet.start()
    url = sheet.task_set.get(name="fill").get_absolute_url()

    response = client.post(url, {"extra": "[" * 31 + "]" * 31})

    sheet.refresh_from_db()
    assert response.status_code == 302
    assert str(sheet.extra) == "[" * 31 + "]" * 31
