"""People with a browser, and purchases that wait for them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from joeflow.models import Task
from tests.statements import statements
from tests.unit.people.conftest import (
    approve,
    buyer,
    make_purchase,
    manager,
    order,
    person,
    purchase,
    receive,
    runner,
    sign,
)

__all__ = (
    "approve", "buyer", "manager", "order", "person", "purchase", "receive", "runner", "sign",
    "statements",
)  # fmt: skip


@pytest.fixture
def browser():
    """Return a function that opens a browser in which somebody is logged in."""

    def log_in(user):
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def buyer_s(browser, buyer):
    """The browser of the buyer."""
    return browser(buyer)


@pytest.fixture
def purchases(order):
    """Return a function that makes so many purchases which a buyer may order."""
    return lambda count, **values: [
        make_purchase("order", **values).task_set.get(name="order") for _ in range(count)
    ]


def make_due(task, **since_now):
    """Let a task be due at another time."""
    Task.objects.filter(pk=task.pk).update(due=timezone.now() + timedelta(**since_now))


def shown(response):
    """Return the tasks that an inbox shows, in order."""
    return [row["task"] for row in response.context["rows"]]


def messages(response):
    """Return what the page says of what was done."""
    return [str(message) for message in response.context["messages"]]
