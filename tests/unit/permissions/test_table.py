"""Each line of docs/reference/permissions.csv holds for each kind of person."""

import csv
import re

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
#: What the tasks of the tests require, and their start.
REQUIRED = {"task": "testapp.order_purchase", "start": "testapp.request_purchase"}
#: The answer was given, and something was done or shown.
DONE = {"yes", "410"}


#: Every permission that a line names, and those that it might be taken for.
PERMISSIONS = [
    *(f"joeflow.{action}_task" for action in ("view", "add", "change", "delete")),
    *("joeflow.rerun", "joeflow.cancel", "joeflow.override", "joeflow.reassign"),
    *REQUIRED.values(),
    *(f"{{model}}.{action}" for action in ("view", "add", "change", "delete", "override")),
]


def read_permissions(row):
    """Return the permissions that a line names, for the workflows of the tests."""
    named = NAMED
    if "permission_required" in row["Page"]:
        named = REQUIRED["start" if row["Page"].startswith("Start") else "task"]
    text = row["Permission"].replace("whatever you name", named)
    text = re.sub(r"<app_label>\.(\w+)_<model_name>", r"{model}.\1", text)
    return set(text.split(" and ")) if text else set()


def of_model(row, permissions):
    """Return the names of permissions for the workflow class that a line is about."""
    name = "greetingworkflow"
    if is_admin(row):
        name = "loan" if row["Page"] == "Admin: save in the list" else "letter"
    return {re.sub(r"{model}\.(\w+)", rf"testapp.\1_{name}", each) for each in permissions}


def allows(row, permissions):
    """Tell whether these permissions are enough for a line."""
    implied = {each.replace("change", "view") for each in permissions}  # a rule of Django's admin
    required = read_permissions(row)
    if required == {"joeflow.override"} or required == {"{model}.override"}:
        return bool(permissions & {"joeflow.override", "{model}.override"})
    if "joeflow.override" in required and "{model}.override" in permissions:
        implied.add("joeflow.override")
    return required <= permissions | implied


def is_admin(row):
    return row["Page"].startswith("Admin")


def classify(response, effect):
    """Return the word of the table for an answer."""
    if response.status_code == 302 and response.url.startswith("/admin/login/"):
        return "log in"
    if response.status_code in {200, 201, 302}:
        return "yes" if effect else "no"
    return str(response.status_code)


def test_the_table_has_all_pages():
    assert [row["Page"] for row in ROWS] == list(PAGES)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["Page"])
def test_what_somebody_gets(row, column):
    permissions = of_model(row, read_permissions(row)) if column == "With the permission" else ()
    is_staff = bool(permissions) and is_admin(row)
    person = Person(column, permissions, is_staff=is_staff)

    response, effect = PAGES[row["Page"]](person)

    assert (classify(response, effect), effect) == (row[column], row[column] in DONE)


GUARDED = [row for row in ROWS if row["Permission"]]


@pytest.mark.parametrize("permission", [NAMED, *PERMISSIONS])
@pytest.mark.parametrize("row", GUARDED, ids=lambda row: row["Page"])
def test_one_permission_alone_opens_what_it_is_for(row, permission):
    expect(row, {permission})


@pytest.mark.parametrize(
    ("row", "missing"), [(row, name) for row in GUARDED for name in sorted(read_permissions(row))]
)
def test_all_permissions_but_one_do_not_open_what_it_is_for(row, missing):
    expect(row, {NAMED, *PERMISSIONS} - {missing})


def expect(row, permissions):
    """Let somebody with these permissions try; where they are not enough, nothing is done."""
    person = Person("With the permission", of_model(row, permissions), is_staff=is_admin(row))

    response, effect = PAGES[row["Page"]](person)

    may = allows(row, permissions)
    assert effect == (may and row["With the permission"] in DONE)
    if may:
        assert classify(response, effect) == row["With the permission"]
    else:
        assert classify(response, effect) in {"403", "no"}
