"""Each line of docs/reference/permissions.csv holds for each kind of person."""

import csv

import pytest

from tests.rules import extra
from tests.services import ROOT
from tests.unit.permissions.pages import PAGES
from tests.unit.permissions.people import COLUMNS, Person

pytestmark = pytest.mark.django_db
extra("reversion")

with (ROOT / "docs/reference/permissions.csv").open(newline="") as file:
    ROWS = list(csv.DictReader(file))

#: What the guarded views of the tests name.
NAMED = "joeflow.cancel_task"
#: The answer was given, and something was done or shown.
DONE = {"yes", "410"}


def read_permissions(row):
    """Return the permissions that a line names, for the workflows of the tests."""
    model_name = "letter" if is_admin(row) else "greetingworkflow"
    text = row["Permission"].replace("<app_label>", "testapp")
    text = text.replace("<model_name>", model_name).replace("whatever you name", NAMED)
    return text.split(" and ") if text else []


def is_admin(row):
    return row["Page"].startswith("Admin")


def classify(response):
    """Return the word of the table for an answer."""
    if response.status_code == 302 and response.url.startswith("/admin/login/"):
        return "log in"
    return "yes" if response.status_code in {200, 201, 302} else str(response.status_code)


def test_the_table_has_all_pages():
    assert [row["Page"] for row in ROWS] == list(PAGES)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["Page"])
def test_what_somebody_gets(row, column):
    person = Person(column, read_permissions(row), is_staff=is_admin(row))

    response, effect = PAGES[row["Page"]](person)

    assert (classify(response), effect) == (row[column], row[column] in DONE)
