"""How each type of value reaches its field."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.utils import translation

from joeflow.models import Task
from tests.testapp.models import Sheet

pytestmark = pytest.mark.django_db
WRONG = ["This is the wrong type of value for this field."]
NOON = dt.datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=dt.UTC)


@pytest.fixture
def sheet():
    return Sheet.start(text="Old")


@pytest.fixture
def fill(client, sheet):
    """Return a function that sends a body to the open task."""
    url = sheet.task_set.get(name="fill").get_absolute_url()

    def post(**body):
        return client.post(url, json.dumps(body), content_type="application/json")

    return post


@pytest.mark.parametrize(
    ("name", "sent", "stored"),
    [
        ("text", "New", "New"),
        ("text", 5, "5"),
        ("text", "", ""),
        ("text", None, ""),
        ("number", -7, -7),
        ("number", "7", 7),
        ("number", None, None),
        ("price", 12.5, Decimal("12.50")),
        ("price", "12.50", Decimal("12.50")),
        ("ratio", 0.25, 0.25),
        ("moment", "2026-11-23T13:00:00+01:00", NOON.replace(microsecond=0)),
        ("day", "2026-11-23", dt.date(2026, 11, 23)),
        ("day", None, None),
        ("sure", True, True),
        ("maybe", False, False),
        ("maybe", None, None),
        ("kind", "b", "b"),
        ("extra", {"a": [1, None, True]}, {"a": [1, None, True]}),
        ("extra", [], []),
        ("extra", None, None),
    ],
)
def test_value__is_stored(fill, sheet, name, sent, stored):
    response = fill(**{name: sent})

    sheet.refresh_from_db()
    assert response.status_code == 200, response.text
    assert getattr(sheet, name) == stored


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("text", True),
        ("text", ["a"]),
        ("text", {}),
        ("number", True),
        ("price", False),
        ("ratio", []),
        ("sure", 0),
        ("sure", "no"),
        ("sure", None),
        ("maybe", "perhaps"),
        ("maybe", 1),
        ("kind", ["a"]),
        ("people", 1),
        ("people", [[1]]),
        ("span", "2026-11-23T12:00:00"),
        ("span", ["2026-11-23"]),
        ("file", "text.txt"),
    ],
)
def test_wrong_type__is_refused(fill, sheet, name, sent):
    response = fill(**{name: sent})

    assert response.status_code == 422
    assert response.json()["errors"][name][-1:] == WRONG
    assert sheet.task_set.get(name="fill").status == Task.SCHEDULED


@pytest.mark.parametrize(
    ("name", "sent"), [("number", "x"), ("day", "soon"), ("kind", "z"), ("people", [4711])]
)
def test_wrong_value__is_refused_by_the_field(fill, sheet, name, sent):
    response = fill(**{name: sent})

    assert response.status_code == 422
    assert list(response.json()["errors"]) == [name]


def test_several__are_stored(fill, sheet, admin_user):
    response = fill(people=[admin_user.pk])

    assert response.status_code == 200
    assert list(sheet.people.all()) == [admin_user]


def test_several__null__means_none(fill, sheet, admin_user):
    sheet.people.add(admin_user)

    fill(people=None)

    assert not sheet.people.exists()


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (["2026-11-23", "12:00"], "2026-11-23 12:00:00+00:00"),
        ([None, None], "None"),
        (None, "None"),
    ],
)
def test_field_of_several_parts__takes_a_list(fill, sheet, sent, text):
    response = fill(span=sent, text="span")

    sheet.refresh_from_db()
    assert response.status_code == 200, response.text
    assert sheet.text == text


def test_number__is_read_as_one_in_every_country(fill, sheet, monkeypatch, settings):
    settings.USE_THOUSAND_SEPARATOR = True
    form_class = Sheet.get_node("fill").form_class
    monkeypatch.setattr(form_class.base_fields["ratio"], "localize", True)
    monkeypatch.setattr(form_class.base_fields["ratio"].widget, "is_localized", True)

    with translation.override("de"):  # where 1.125 is a thousand and more
        response = fill(ratio=1.125)

    sheet.refresh_from_db()
    assert response.status_code == 200, response.text
    assert sheet.ratio == 1.125


def test_absent__keeps_exactly_what_is_there(fill, sheet, admin_user):
    kept = {
        "text": " with spaces\n",
        "number": 3,
        "price": Decimal("1.50"),
        "ratio": 0.1,
        "moment": NOON,
        "day": dt.date(2026, 1, 2),
        "maybe": True,
        "kind": "a",
        "extra": {"b": [1]},
        "file": "some/file.txt",
    }
    Sheet.objects.update(**kept)
    sheet.people.add(admin_user)

    response = fill(sure=True)

    sheet.refresh_from_db()
    assert response.status_code == 200, response.text
    assert sheet.sure is True
    assert {name: getattr(sheet, name) for name in kept} == kept
    assert list(sheet.people.all()) == [admin_user]


def test_absent__keeps_what_is_there_and_not_what_the_form_suggests(fill, sheet, monkeypatch):
    view_class = type(Sheet.get_node("fill"))
    monkeypatch.setattr(view_class, "initial", {"text": "Suggested"})

    fill(number=1)

    sheet.refresh_from_db()
    assert sheet.text == "Old"


@pytest.mark.parametrize(
    ("name", "number", "stored"),
    [
        ("text", "1.10", "1.10"),
        ("text", "12345678901234567.89", "12345678901234567.89"),
        ("text", "1e2", "100"),
        ("price", "123456.10", Decimal("123456.10")),
        ("ratio", "2.5e-3", 0.0025),
        ("extra", "2.5", 2.5),
    ],
)
def test_number__is_stored_with_all_digits_that_were_sent(client, sheet, name, number, stored):
    url = sheet.task_set.get(name="fill").get_absolute_url()

    client.post(url, f'{{"{name}": {number}}}', content_type="application/json")

    sheet.refresh_from_db()
    assert getattr(sheet, name) == stored
    assert str(getattr(sheet, name)) == str(stored)
