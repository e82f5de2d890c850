"""Values that fields of Django take and databases do not."""

import json

import pytest
from django import forms

from joeflow.models import Task
from joeflow.storable import DEEPEST, deepest
from tests.testapp.models import Loan, Sheet

pytestmark = pytest.mark.django_db

REFUSED = ["This value cannot be stored."]
#: SQLite cannot even look for such a key; other databases do not find it.
NO_CHOICE = f"Select a valid choice. {'9' * 30} is not one of the available choices."
EARLIEST, LATEST = "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"


def nest(depth):
    return "[" * depth + "]" * depth


#: As text of a form field, by the field that takes it.
UNSTORABLE = [
    ("moment", EARLIEST),
    ("moment", LATEST),
    ("people", "9" * 30),
    *(
        ("extra", text)
        for text in (
            "NaN",
            "[-Infinity]",
            "1e999",
            r'"\u0000"',
            r'{"a\u0000": 1}',
            r'"\ud800"',
            "9" * 5000,
            nest(DEEPEST + 1),
            nest(600),
            nest(100_000),
        )
    ),
]


def shorten(value):
    return str(value)[:20].encode("unicode_escape").decode()


def is_refused(form, name):
    return list(form.errors) == [name] and form.errors[name] in (REFUSED, [NO_CHOICE])


@pytest.fixture
def sheet(db):
    return Sheet.start(text="Old")


@pytest.fixture
def fill(sheet):
    return sheet.task_set.get(name="fill")


@pytest.mark.parametrize(("name", "sent"), UNSTORABLE, ids=shorten)
def test_form__is_refused_and_shown_again(boss, sheet, fill, name, sent):
    response = boss.post(fill.get_absolute_url(), {name: sent, "text": "New"})

    sheet.refresh_from_db()
    fill.refresh_from_db()
    assert response.status_code == 200
    assert is_refused(response.context["form"], name)
    assert (sheet.text, fill.status) == ("Old", Task.SCHEDULED)


@pytest.mark.parametrize(("name", "sent"), UNSTORABLE, ids=shorten)
def test_override__is_refused_and_shown_again(boss, sheet, fill, name, sent):
    response = boss.post(sheet.get_override_url(), {name: sent, "text": "New"})

    sheet.refresh_from_db()
    fill.refresh_from_db()
    assert response.status_code == 200
    assert is_refused(response.context["form"], name)
    assert (sheet.text, fill.status) == ("Old", Task.SCHEDULED)


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(
    ("name", "sent"),
    [("data" if name == "extra" else "watchers", sent) for name, sent in UNSTORABLE[2:]],
    ids=shorten,
)
def test_admin__is_refused_and_shown_again(boss, name, sent, hidden):
    """Not even what the person is said to have seen is an error."""
    loan = Loan.objects.create(borrower="Ada")
    data = {"borrower": "Bea", "data": "{}", name: sent, "initial-borrower": "Ada"}
    if hidden:
        data[f"initial-{name}"] = sent

    response = boss.post(f"/admin/testapp/loan/{loan.pk}/change/", data)

    loan.refresh_from_db()
    assert response.status_code == 200
    assert is_refused(response.context["adminform"].form, name)
    assert loan.borrower == "Ada"


def test_admin__new_instance__is_refused(boss):
    response = boss.post("/admin/testapp/loan/add/", {"borrower": "Ada", "data": "NaN"})

    assert response.context["adminform"].form.errors == {"data": REFUSED}
    assert not Loan.objects.exists()


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("moment", EARLIEST),
        ("people", [int("9" * 30)]),
        ("extra", "\0"),
        ("extra", {"a": ["\0"]}),
        ("extra", {"\0": 1}),
        ("extra", json.loads(nest(DEEPEST + 1))),
    ],
    ids=shorten,
)
def test_json__is_refused(boss, sheet, fill, name, sent):
    response = boss.post(
        fill.get_absolute_url(), {name: sent, "text": "New"}, content_type="application/json"
    )

    sheet.refresh_from_db()
    assert response.status_code == 422
    assert response.json()["errors"] in ({name: REFUSED}, {name: [NO_CHOICE]})
    assert sheet.text == "Old"


@pytest.mark.parametrize("depth", [31, *range(50, 1000, 50)])
def test_json__however_deep__is_never_an_error(boss, fill, depth):
    """Somewhere between what can be read and what can be stored there is a limit of Python."""
    body = f'{{"extra": {nest(depth)}}}'

    response = boss.generic("POST", fill.get_absolute_url(), body, content_type="application/json")

    assert response.status_code in ({200} if depth <= deepest() else {400, 422})


def test_halves_of_characters__are_a_bad_request(boss, fill):
    """What a charset of Python's own makes of harmless bytes."""
    body = b'--B\r\nContent-Disposition: form-data; name="text"\r\n\r\n\\ud800\r\n--B--\r\n'

    response = boss.generic(
        "POST",
        fill.get_absolute_url(),
        body,
        content_type="multipart/form-data; boundary=B; charset=unicode_escape",
    )

    fill.refresh_from_db()
    assert response.status_code == 400
    assert fill.status == Task.SCHEDULED


@pytest.mark.parametrize("kept", [EARLIEST, LATEST])
def test_moment_at_the_end_of_time__is_stored(boss, sheet, fill, kept):
    """Refused is only what is beyond it."""
    moment = f"{kept[:10]}T12:00:00+00:00"

    response = boss.post(fill.get_absolute_url(), {"moment": moment})

    assert response.status_code == 302


def test_what_is_stored_already__is_none_of_our_business(boss, sheet, fill, monkeypatch):
    deep = json.loads(nest(31))
    Sheet.objects.update(extra=deep)
    monkeypatch.setattr("joeflow.storable.DEEPEST", 30)
    monkeypatch.setattr("joeflow.storable.DEEPEST_ON_MARIADB", 30)

    response = boss.post(fill.get_absolute_url(), {"text": "New"}, content_type="application/json")

    sheet.refresh_from_db()
    assert response.status_code == 200
    assert (sheet.text, sheet.extra) == ("New", deep)


def test_message_of_the_field_itself__is_kept(boss, fill):
    response = boss.post(fill.get_absolute_url(), {"extra": "{", "number": "x"})

    assert response.context["form"].errors == {
        "extra": [str(forms.JSONField.default_error_messages["invalid"])],
        "number": ["Enter a whole number."],
    }
