"""The page of an instance says whose its tasks are, and how they became so."""

import pytest

from joeflow.models import Task
from tests.testapp.models import GreetingWorkflow
from tests.unit.people.conftest import make_purchase

pytestmark = pytest.mark.django_db
#: Where nothing can draw, the graph is described a second time, as text.
drawn = pytest.mark.extra("graphviz-pure")


@pytest.fixture
def reader(client, person):
    """The browser of somebody who is logged in."""
    client.force_login(person("reader"))
    return client


def page(client, workflow):
    return client.get(workflow.get_absolute_url()).content.decode()


def test_whose_a_task_is(purchase, reader):
    assert "for manager" in page(reader, purchase)


def test_whose_a_task_is__a_group(receive, reader):
    assert "for Stores" in page(reader, receive.workflow)


def test_who_took_it_and_handed_it_over(order, buyer, person, reader):
    task = order()
    task.claim(buyer)
    task.assign(person("colleague", "testapp.order_purchase"), by=buyer)
    task.assign(None)

    shown = page(reader, task.workflow)

    assert "buyer took it." in shown
    assert "buyer gave it to colleague." in shown
    assert "Somebody gave it to nobody." in shown


def test_who_gave_it_back(order, buyer, reader):
    task = order()
    task.claim(buyer)
    task.release(buyer)

    assert "buyer gave it back." in page(reader, task.workflow)


@drawn
def test_an_instance_whose_tasks_are_nobody_s_takes_no_further_statements(client, statements):
    greeting = GreetingWorkflow.objects.create()
    Task.objects.create(name="check_note", type="human", workflow=greeting)
    page(client, greeting)

    with statements:
        page(client, greeting)

    # The instance; tasks and links of the graph; the history.
    assert len(statements.data) == 4, statements.data


@drawn
def test_the_number_of_statements_does_not_grow(reader, statements, manager, buyer):
    purchase = make_purchase("approve", manager=manager)
    purchase.task_set.get(name="approve").assign(buyer)
    for _ in range(3):
        task = purchase.task_set.create(name="order", type="human", workflow=purchase)
        task.claim(buyer)
    page(reader, purchase)

    with statements:
        page(reader, purchase)

    # The same, with session, user and permissions (two); events, assignees and groups.
    assert len(statements.data) == 4 + 4 + 3, statements.data
