"""The tasks of a person, asked for in the words of an inbox."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied

from joeflow import engine
from joeflow.exceptions import TaskTaken
from joeflow.models import Task
from tests.testapp.models import GreetingWorkflow, Purchase
from tests.unit.people.conftest import make_purchase

pytestmark = pytest.mark.django_db


@pytest.fixture
def everything(approve, order, receive, sign):
    """A task of each kind."""
    return [approve, order(), receive, sign]


def names(tasks):
    return sorted(tasks.values_list("name", flat=True))


def test_inbox__what_is_given_and_what_is_free(everything, manager, buyer, person):
    assert names(Task.objects.inbox(manager)) == ["approve", "sign"]
    assert names(Task.objects.inbox(buyer)) == ["order", "sign"]
    assert names(Task.objects.inbox(person("piglet", groups=["Stores"]))) == ["receive", "sign"]


def test_queue__what_is_free(everything, manager, buyer):
    assert names(Task.objects.queue(manager)) == ["sign"]
    assert names(Task.objects.queue(buyer)) == ["order", "sign"]


def test_assigned_to__what_is_given(everything, manager, buyer):
    assert names(Task.objects.assigned_to(manager)) == ["approve"]
    assert names(Task.objects.assigned_to(buyer)) == []


def test_what_somebody_took__is_gone_from_the_others(order, person):
    one, two = person("one", "testapp.order_purchase"), person("two", "testapp.order_purchase")
    task = order()

    task.claim(one)

    assert list(Task.objects.inbox(one)) == list(Task.objects.assigned_to(one)) == [task]
    assert not Task.objects.inbox(two).exists()
    assert not Task.objects.queue(one).exists()


def test_a_task_that_needs_two_permissions__is_for_who_has_both(order, person, monkeypatch):
    both = ("testapp.order_purchase", "testapp.approve_purchase")
    monkeypatch.setattr(Purchase.order, "permission_required", both)
    task = order()

    assert not Task.objects.inbox(person("one", both[0])).exists()
    assert list(Task.objects.inbox(person("two", *both))) == [task]


def test_each_task_is_there_once__however_many_it_is_for(sign, person):
    piglet = person("piglet", groups=["Stores", "Others"])
    sign.assignees.set([piglet, person("winnie")])
    sign.assigned_groups.set(piglet.groups.all())

    assert list(Task.objects.inbox(piglet)) == [sign]


def test_closed_tasks_and_those_of_machines_are_in_no_inbox(sign, admin_user):
    sign.finish()
    sign.start_next_tasks()

    assert not Task.objects.inbox(admin_user).filter(_workflow=sign._workflow).exists()


def test_a_superuser__may_take_all_that_is_nobody_s(everything, admin_user):
    assert names(Task.objects.inbox(admin_user)) == ["order", "sign"]


@pytest.mark.parametrize("word", ["inbox", "queue", "assigned_to", "done_by"])
def test_who_is_not_logged_in__has_nothing(everything, word):
    assert not getattr(Task.objects, word)(AnonymousUser()).exists()


def test_who_is_not_active_any_more__has_nothing(everything, manager):
    manager.is_active = False

    assert not Task.objects.inbox(manager).exists()


def test_of_one_workflow_class__or_of_one_instance(sign, manager):
    other = make_purchase("sign")
    greeting = GreetingWorkflow.objects.create()
    greeting.task_set.create(name="check_note", type="human", workflow=greeting)
    inbox = Task.objects.inbox(manager)

    assert names(inbox) == ["check_note", "sign", "sign"]
    assert names(inbox.of(Purchase)) == ["sign", "sign"]
    assert list(inbox.of(sign.workflow)) == [sign]
    assert list(other.task_set.inbox(manager)) == list(inbox.of(other))


class TestUnowned:
    def test_what_somebody_has__is_not(self, everything):
        Group.objects.get(name="Stores").user_set.add(User.objects.create(username="piglet"))

        assert names(Task.objects.unowned()) == []

    @pytest.mark.parametrize("is_gone", [True, False])
    def test_who_is_gone_or_inactive(self, everything, manager, is_gone):
        Group.objects.all().delete()
        if is_gone:
            Purchase.objects.update(manager=None)
            manager.delete()
        else:
            User.objects.update(is_active=False)

        assert names(Task.objects.unowned()) == ["approve", "receive"]

    def test_one_of_several_is_there(self, approve, manager, person):
        approve.assignees.add(person("partner"))
        User.objects.filter(pk=manager.pk).update(is_active=False)

        assert not Task.objects.unowned().exists()

    def test_a_group_without_active_members(self, receive, person):
        person("piglet", groups=["Stores"])
        before = names(Task.objects.unowned())

        User.objects.update(is_active=False)

        assert (before, names(Task.objects.unowned())) == ([], ["receive"])

    def test_what_was_taken_by_somebody_who_is_inactive(self, receive, person):
        piglet = person("piglet", groups=["Stores"])
        person("winnie", groups=["Stores"])
        receive.claim(piglet)

        User.objects.filter(pk=piglet.pk).update(is_active=False)

        assert names(Task.objects.unowned()) == ["receive"]

    def test_given_to_an_empty_list(self, sign):
        sign.assign([])

        assert names(Task.objects.unowned()) == ["sign"]

    def test_it_is_one_statement(self, everything, statements):
        with statements:
            list(Task.objects.unowned())

        assert len(statements.data) == 1, statements.data


def test_what_the_inbox_offers_can_be_done(everything, manager, buyer, person, admin_user):
    for user in (manager, buyer, admin_user, person("piglet", groups=["Stores"])):
        for task in Task.objects.inbox(user):
            assert task.may_be_completed_by(user), (user, task)


def test_what_can_be_taken_is_in_the_inbox(everything, manager, buyer, person, admin_user):
    for user in (manager, buyer, admin_user, person("piglet", groups=["Stores"])):
        inbox = list(Task.objects.inbox(user))
        for task in everything:
            if task not in inbox:
                with pytest.raises((PermissionDenied, TaskTaken)):
                    task.claim(user)


def test_done_by(sign, admin_user, client):
    client.force_login(admin_user)
    client.post(sign.get_absolute_url(), {"item": "Cake"})

    assert list(Task.objects.done_by(admin_user)) == [sign]


def test_done_by__an_override_is_no_task(sign, admin_user):
    engine.override(sign.workflow, [Purchase.order], user=admin_user)

    assert not Task.objects.done_by(admin_user).exists()


def test_a_task_that_somebody_s_code_has_failed__still_waits_for_people(sign, admin_user):
    try:
        raise ValueError
    except ValueError:
        sign.fail()

    assert list(Task.objects.inbox(admin_user)) == [sign]


def test_they_can_be_filtered_on_and_sorted(everything, admin_user):
    found = Task.objects.inbox(admin_user).filter(name="order").order_by("-created")

    assert names(found) == ["order"]
    assert names(Purchase.objects.get(task_set__name="sign").task_set.inbox(admin_user)) == ["sign"]


def test_an_inbox_is_one_statement__and_two_for_the_permissions(everything, buyer, statements):
    names(Task.objects.inbox(buyer))  # the content types are known now
    buyer = type(buyer).objects.get(pk=buyer.pk)

    with statements:
        names(Task.objects.inbox(buyer))

    assert len(statements.data) == 3, statements.data


def test_the_number_of_statements_does_not_grow_with_the_tasks(everything, buyer, statements):
    names(Task.objects.inbox(buyer))
    for _ in range(5):
        make_purchase("order")

    with statements:
        assert len(Task.objects.inbox(buyer)) == 7

    assert len(statements.data) == 1, statements.data
