"""What nobody meant to ask of the lists in the admin."""

import pytest
from django.db import connection

from joeflow.models import Task
from tests.settings import DATABASE
from tests.testapp.models import Loan

# PostgreSQL ends a transaction with an error: there, requests must have transactions of their own.
pytestmark = pytest.mark.django_db(transaction=DATABASE != "sqlite")

LISTS = ["/admin/joeflow/task/", "/admin/testapp/loan/"]
NO_KEYS = ["x", "\x00", "NaN", "9" * 30, "9" * 5000, "", "-1"]


@pytest.fixture
def loan(db):
    """An instance with a task that can be canceled."""
    loan = Loan.objects.create(borrower="Ada")
    Task.objects.create(name="hand_over", type="human", workflow=loan)
    return loan


@pytest.mark.parametrize(
    "query",
    [
        {"created__gte": "9999-12-31T23:59:59-23:59"},
        {"created__year": "9" * 30},
        {"created__year": "-1"},
        {"id__in": "9" * 30},
        {"pk__in": "x"},
        {"q": "\x00"},
        {"p": "x"},
        {"o": "x"},
        {"workflow": "\x00"},
    ],
)
@pytest.mark.parametrize("url", LISTS)
def test_filter_that_no_database_knows__is_no_error(boss, loan, url, query):
    response = boss.get(url, query, follow=True)

    assert response.status_code == 200


@pytest.mark.parametrize("name", ["status__exact", "type__exact", "name"])
def test_null_character__is_no_error(boss, loan, name):
    response = boss.get(LISTS[0], {name: "\x00"})

    # Only PostgreSQL refuses it.
    assert response.status_code == (302 if connection.vendor == "postgresql" else 200)


@pytest.mark.parametrize("key", NO_KEYS)
@pytest.mark.parametrize(
    ("url", "action"),
    [(LISTS[0], "cancel"), (LISTS[0], "rerun"), (LISTS[1], "delete_selected")],
)
def test_action__selection_that_is_none__does_nothing(boss, loan, url, action, key):
    data = {"action": action, "_selected_action": key, "post": "yes"}

    response = boss.post(url, data, follow=True)

    assert response.status_code == 200
    assert "Items must be selected" in response.text
    assert Task.objects.get().status == Task.SCHEDULED
    assert Loan.objects.exists()


def test_action__selection_that_is_none__leaves_the_others_alone(boss, loan):
    data = {"action": "cancel", "_selected_action": [*NO_KEYS, Task.objects.get().pk]}

    boss.post(LISTS[0], data)

    assert Task.objects.get().status == Task.CANCELED


@pytest.mark.parametrize("key", NO_KEYS)
def test_row_that_is_none__is_not_saved(boss, loan, key):
    data = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-workflow_ptr": key}

    response = boss.post(LISTS[1], {"_save": "yes", "form-0-urgent": "on", **data})

    loan.refresh_from_db()
    assert response.status_code == 200
    assert not loan.urgent
