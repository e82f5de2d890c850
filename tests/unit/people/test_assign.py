"""Whom a task is given to when it is created."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group

from joeflow import tasks
from joeflow.exceptions import InvalidAssignees
from joeflow.recipients import read_recipients
from tests.testapp.models import Chain, Purchase
from tests.unit.people.conftest import make_purchase

pytestmark = pytest.mark.django_db


@pytest.fixture
def assign(monkeypatch):
    """Return a function that replaces what the node "sign" says."""
    return lambda value: monkeypatch.setattr(Purchase.sign, "assign", value)


def recipients(task):
    return [*task.assignees.order_by("pk"), *task.assigned_groups.order_by("pk")]


def test_somebody_who_is_not_active_any_more__is_refused(approve, person):
    gone = person("gone")
    gone.is_active = False

    with pytest.raises(InvalidAssignees) as caught:
        approve.assign(gone)

    assert str(caught.value) == (
        f"Task approve ({approve.pk}) cannot be given to gone: not active any more. Give it to "
        f"somebody who can log in."
    )


def test_the_name_of_a_method__is_called_for_each_instance(approve, manager):
    assert recipients(approve) == [manager]


def test_a_method_that_returns_none__gives_it_to_nobody(db):
    purchase = make_purchase("approve")

    assert recipients(purchase.task_set.get(name="approve")) == []


def test_groups_of_a_queryset(receive):
    assert recipients(receive) == [Group.objects.get(name="Stores")]


def test_several_users_and_groups(assign, person):
    group = Group.objects.create(name="Board")
    people = [person("piglet"), person("winnie")]
    assign(lambda workflow: [*people, group, people[0]])

    task = make_purchase("sign").task_set.get(name="sign")

    assert recipients(task) == [*people, group]


def test_a_method_of_the_view(assign, person):
    winnie = person("winnie")

    class Given(tasks.UpdateView):
        fields = ()

        def assign(self, workflow):
            return [winnie]

    assert Given().get_assignees(None) == [winnie]


def test_create_task_of_one_s_own__can_give_it_as_well(assign, monkeypatch, person):
    winnie = person("winnie")
    assign(lambda workflow: winnie)
    view = type(Purchase.sign)
    monkeypatch.setattr(
        Purchase.sign, "create_task", lambda *args: view.create_task(Purchase.sign, *args)
    )

    task = make_purchase("sign").task_set.get(name="sign")

    assert recipients(task) == [winnie]


@pytest.mark.parametrize(
    "value", ["winnie", 7, {"winnie": 1}, [None], ["winnie"], AnonymousUser(), Chain(), Chain]
)
def test_anything_else__is_refused_with_what_is_allowed(value):
    with pytest.raises(InvalidAssignees, match="It can be given to a user, to a group, to a list"):
        read_recipients(value)


def test_a_user_who_is_not_saved__is_refused(django_user_model):
    with pytest.raises(InvalidAssignees):
        read_recipients(django_user_model())


def test_what_cannot_be_given__undoes_the_transition(assign, sign):
    assign(lambda workflow: "winnie")

    with pytest.raises(InvalidAssignees):
        make_purchase("sign")

    assert Purchase.objects.count() == 2  # the second one was never sent there
    assert Purchase.objects.latest("pk").task_set.open().get().name == "approve"


def test_no_statement_is_added_for_nodes_without_it(statements):
    make_purchase("order")

    with statements:
        make_purchase("order")

    assert not [text for text in statements.data if "joeflow_task_assign" in text]
