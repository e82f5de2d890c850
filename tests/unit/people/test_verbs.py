"""Take a task, give it back, hand it over."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.core.exceptions import PermissionDenied
from django.utils.functional import SimpleLazyObject

from joeflow.exceptions import InvalidAssignees, JoeflowError, TaskClosed, TaskTaken
from joeflow.models import Event, Task
from tests.testapp.models import Chain
from tests.unit.people.conftest import make_purchase

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(person):
    return person("colleague", "testapp.order_purchase")


@pytest.fixture
def boss(person):
    return person("boss", "joeflow.reassign")


def assignees(task):
    return [user.username for user in task.assignees.order_by("username")]


def events(task):
    return [(event.kind, event.user.username, event.text) for event in task.event_set.all()]


class TestClaim:
    def test_a_task_that_a_permission_is_needed_for__is_taken_by_who_has_it(self, order, buyer):
        task = order()

        task.claim(buyer)

        assert assignees(task) == ["buyer"]
        assert events(task) == [("claimed", "buyer", "buyer")]

    def test_the_second_one__is_told_who_has_it(self, order, buyer, colleague):
        task = order()
        task.claim(buyer)

        with pytest.raises(TaskTaken, match=rf"^Task order \({task.pk}\) is taken by buyer\.$"):
            task.claim(colleague)

        assert assignees(task) == ["buyer"]
        assert len(events(task)) == 1

    def test_again__changes_nothing(self, order, buyer):
        task = order()
        task.claim(buyer)

        task.claim(buyer)

        assert events(task) == [("claimed", "buyer", "buyer")]

    def test_who_has_not_the_permission__may_not(self, order, manager):
        task = order()

        with pytest.raises(PermissionDenied):
            task.claim(manager)

        assert assignees(task) == []

    def test_who_has_not_the_permission__is_not_told_who_has_it(self, order, buyer, manager):
        task = order()
        task.claim(buyer)

        with pytest.raises(PermissionDenied):
            task.claim(manager)

    def test_a_member_of_its_group__may(self, receive, person):
        task = receive

        task.claim(person("piglet", groups=["Stores"]))

        assert assignees(task) == ["piglet"]

    def test_who_is_in_no_group_of_it__may_not(self, receive, person):
        with pytest.raises(PermissionDenied):
            receive.claim(person("piglet", groups=["Others"]))

    def test_one_of_several__has_it_alone(self, sign, person):
        piglet, winnie = person("piglet"), person("winnie")
        sign.assignees.set([piglet, winnie])

        sign.claim(winnie)

        assert assignees(sign) == ["winnie"]
        with pytest.raises(TaskTaken, match="taken by winnie"):
            sign.claim(piglet)

    def test_a_task_without_any_rule__is_for_everybody_who_is_logged_in(self, sign, person):
        with pytest.raises(PermissionDenied):
            sign.claim(AnonymousUser())

        sign.claim(person("piglet"))

        assert assignees(sign) == ["piglet"]

    def test_a_closed_task__says_so(self, order, buyer):
        task = order()
        task.cancel()

        with pytest.raises(TaskClosed, match="canceled"):
            task.claim(buyer)

    def test_a_machine_s_task__is_nobody_s(self, buyer):
        task = Chain.start().task_set.get(name="first")

        with pytest.raises(JoeflowError, match="for a machine, and never somebody's"):
            task.claim(buyer)

    def test_one_of_several_who_have_not_the_permission__is_told_who_has_it(self, order, person):
        people = [person("piglet"), person("winnie")]
        task = order()
        task.assign(people)
        task.claim(people[0])

        with pytest.raises(TaskTaken, match="taken by piglet") as told:
            task.claim(people[1])

        assert told.value.holders == (people[0],)

    def test_another_member_of_its_group__is_told_who_has_it(self, receive, person):
        receive.claim(person("piglet", groups=["Stores"]))

        with pytest.raises(TaskTaken, match="taken by piglet"):
            receive.claim(person("winnie", groups=["Stores"]))

    def test_who_is_in_no_group_of_it__is_not_told_who_has_it(self, receive, person):
        receive.claim(person("piglet", groups=["Stores"]))

        with pytest.raises(PermissionDenied):
            receive.claim(person("winnie"))

    def test_a_stranger__is_not_told_who_closed_it(self, approve, person):
        approve.cancel()

        with pytest.raises(PermissionDenied):
            approve.claim(person("stranger"))

    @pytest.mark.parametrize("user", [None, AnonymousUser()])
    def test_nobody(self, sign, user):
        with pytest.raises(PermissionDenied):
            sign.claim(user)

    def test_who_is_not_active_any_more(self, sign, person):
        user = person("piglet")
        user.is_active = False

        with pytest.raises(PermissionDenied):
            sign.claim(user)


class TestGone:
    """What was given to somebody who is gone is for those alone who may reassign it."""

    def may(self, task, boss, *others):
        assert task.may_be_completed_by(boss)
        assert list(Task.objects.inbox(others[0])) == []
        return [user for user in others if task.may_be_completed_by(user)]

    def test_a_person(self, sign, person, boss, buyer):
        piglet = person("piglet")
        sign.assign(piglet)

        piglet.delete()

        assert self.may(sign, boss, buyer, None) == []
        with pytest.raises(PermissionDenied):
            sign.claim(buyer)

    def test_a_person__who_had_a_permission_that_others_have(self, approve, person, boss):
        other, piglet = person("other", "testapp.approve_purchase"), person("piglet")
        approve.assign(piglet)

        piglet.delete()

        assert self.may(approve, boss, other) == []

    def test_a_group(self, receive, person, boss, buyer):
        Group.objects.all().delete()

        assert self.may(receive, boss, buyer, None) == []

    def test_a_group__of_a_task_that_somebody_gives_back(self, receive, person):
        piglet = person("piglet", groups=["Stores"])
        receive.claim(piglet)
        Group.objects.all().delete()

        with pytest.raises(JoeflowError, match="given to piglet alone"):
            receive.release(piglet)

    def test_who_took_it__leaves_it_to_those_who_could_have_taken_it(self, order, buyer, colleague):
        task = order()
        task.claim(buyer)

        buyer.delete()

        assert task.may_be_completed_by(colleague)


class TestRelease:
    def test_it_is_for_those_again_that_it_was_for_before(self, sign, person):
        people = [person("piglet"), person("winnie")]
        sign.assignees.set(people)
        sign.claim(people[1])

        sign.release(people[1])

        assert assignees(sign) == ["piglet", "winnie"]
        assert events(sign)[-1] == ("released", "winnie", "piglet, winnie")

    def test_a_task_of_a_permission(self, order, buyer, colleague):
        task = order()
        task.claim(buyer)

        task.release(buyer)
        task.claim(colleague)

        assert assignees(task) == ["colleague"]

    def test_who_was_given_it_alone__cannot_leave_it_to_nobody(self, sign, person):
        piglet = person("piglet")
        sign.assign(piglet)

        with pytest.raises(JoeflowError, match="given to piglet alone; hand it over"):
            sign.release(piglet)

        assert assignees(sign) == ["piglet"]

    def test_who_was_given_it_by_the_definition__cannot_leave_it_to_others(self, approve, manager):
        with pytest.raises(JoeflowError, match="given to manager alone; hand it over"):
            approve.release(manager)

        assert assignees(approve) == ["manager"]

    def test_what_was_changed_since_the_claim_counts_more_than_the_claim(self, sign, person):
        people = [person(name) for name in ("a", "b", "c")]
        sign.assign(people[:2])
        sign.claim(people[0])
        sign.assignees.set([people[0], people[2]])

        sign.release(people[0])

        assert assignees(sign) == ["c"]

    def test_a_stranger__is_told_nothing(self, approve, person):
        with pytest.raises(PermissionDenied):
            approve.release(person("stranger"))

    def test_who_was_handed_it_over_by_its_taker__does_not_bring_back_the_taker(
        self, order, buyer, colleague
    ):
        task = order()
        task.claim(buyer)
        task.assign(colleague, by=buyer)

        task.release(colleague)

        assert assignees(task) == []

    def test_somebody_else_s(self, order, buyer, colleague):
        task = order()
        task.claim(buyer)

        with pytest.raises(TaskTaken, match="is not colleague's to give back; it is buyer's"):
            task.release(colleague)

        assert assignees(task) == ["buyer"]

    def test_nobody_s(self, order, buyer):
        with pytest.raises(TaskTaken, match="it is nobody's"):
            order().release(buyer)


class TestAssign:
    def test_to_whoever_sends_the_request(self, order, buyer, colleague):
        task = order()

        task.assign(SimpleLazyObject(lambda: colleague), by=buyer)

        assert assignees(task) == ["colleague"]

    def test_to_who_is_not_active_any_more__is_refused(self, order, buyer, colleague):
        colleague.is_active = False

        with pytest.raises(PermissionDenied, match="over to colleague"):
            order().assign(colleague, by=buyer)

    def test_to_a_colleague(self, order, buyer, colleague):
        task = order()
        task.claim(buyer)

        task.assign(colleague, by=buyer)

        assert assignees(task) == ["colleague"]
        assert events(task)[-1] == ("assigned", "buyer", "colleague")

    def test_to_somebody_who_may_not_do_it__is_refused(self, order, buyer, manager):
        task = order()
        task.claim(buyer)

        with pytest.raises(PermissionDenied, match=r"may not hand task order .* over to manager"):
            task.assign(manager, by=buyer)

        assert assignees(task) == ["buyer"]

    @pytest.mark.parametrize("to", ["group", "nobody"])
    def test_to_a_group_or_to_nobody__is_for_those_who_may_reassign(self, order, buyer, boss, to):
        task = order()
        task.claim(buyer)
        recipient = Group.objects.create(name="Others") if to == "group" else None

        with pytest.raises(PermissionDenied, match="over to a person alone"):
            task.assign(recipient, by=buyer)

        assert assignees(task) == ["buyer"]
        task.assign(recipient, by=boss)
        assert assignees(task) == []

    def test_a_task_of_a_group__stays_among_its_members(self, receive, person, manager):
        piglet, winnie = person("piglet", groups=["Stores"]), person("winnie", groups=["Stores"])

        with pytest.raises(PermissionDenied, match="over to manager"):
            receive.assign(manager, by=piglet)

        receive.assign(winnie, by=piglet)
        assert assignees(receive) == ["winnie"]

    def test_somebody_else_s__is_refused(self, order, buyer, colleague):
        task = order()
        task.claim(buyer)

        with pytest.raises(PermissionDenied, match="colleague may not hand over task"):
            task.assign(colleague, by=colleague)

    def test_with_the_permission_to_reassign__anything_to_anybody(
        self, order, buyer, manager, boss
    ):
        task = order()
        task.claim(buyer)

        task.assign(manager, by=boss)

        assert assignees(task) == ["manager"]
        assert events(task)[-1] == ("assigned", "boss", "manager")

    def test_by_code__anything_to_anybody(self, order, manager):
        task = order()

        task.assign(manager)

        assert assignees(task) == ["manager"]
        assert task.event_set.get().user is None

    def test_to_a_group__replaces_people_and_groups(self, receive, person):
        others = Group.objects.create(name="Others")
        receive.claim(person("piglet", groups=["Stores"]))

        receive.assign(others)

        assert assignees(receive) == []
        assert list(receive.assigned_groups.all()) == [others]

    def test_to_a_person__leaves_the_group_for_the_time_after(self, receive, person):
        piglet = person("piglet")
        receive.assign(piglet)

        receive.release(piglet)

        assert receive.assigned_groups.get().name == "Stores"

    def test_to_nobody(self, approve):
        approve.assign(None)

        assert assignees(approve) == []
        assert events_of_code(approve) == [("assigned", "")]

    def test_to_something_else__is_refused(self, approve):
        with pytest.raises(InvalidAssignees):
            approve.assign("winnie")

    def test_all_is_recorded_with_its_instance(self, approve, purchase, manager):
        approve.assign(manager)

        event = Event.objects.get()
        assert (event._workflow_id, event.task) == (purchase.pk, approve)
        assert str(event) == f"assigned ({event.pk})"


def events_of_code(task):
    return [(event.kind, event.text) for event in task.event_set.filter(user=None)]


def test_a_deleted_instance__takes_its_events_along(purchase, approve, manager):
    approve.assign(manager)

    purchase.delete()

    assert not Event.objects.exists()
    assert not Task.objects.exists()


def test_taking_a_task_takes_a_few_statements(order, buyer, statements):
    task = order()
    buyer.has_perm("joeflow.reassign")  # who somebody is and what he may is known

    with statements:
        task.claim(buyer)

    # The lock; the task and whose it is; whose it was, twice; the link; the event.
    assert len(statements.data) <= 7, statements.data


def test_who_may_complete_it__is_told_of_each_kind(approve, receive, sign, order, buyer, person):
    member, manager, boss = person("a", groups=["Stores"]), None, person("b", "joeflow.reassign")
    manager = approve.assignees.get()

    def names(task):
        everybody = {"manager": manager, "buyer": buyer, "member": member, "boss": boss}
        return [name for name, user in everybody.items() if task.may_be_completed_by(user)]

    assert names(approve) == ["manager", "boss"]
    assert names(order()) == ["buyer"]
    assert names(receive) == ["member", "boss"]
    assert names(sign) == ["manager", "buyer", "member", "boss"]
    assert sign.may_be_completed_by(None)
    assert not order().may_be_completed_by(AnonymousUser())


def test_purchase_of_nobody(db):
    task = make_purchase("approve").task_set.get(name="approve")

    assert assignees(task) == []
