"""Take, give back, hand over and put off, from the inbox."""

from datetime import timedelta

import pytest
from django.urls import resolve
from django.utils import timezone

from joeflow.exceptions import InstanceLocked
from joeflow.models import Event, Task
from joeflow.views import AssignView
from tests.testapp.models import GreetingWorkflow
from tests.unit.pages.conftest import messages

pytestmark = pytest.mark.django_db
CLAIM = "/work/inbox/claim/"
NOBODY = "Nobody who could take this has such a name."


def assignees(task):
    return [user.username for user in task.assignees.order_by("username")]


def send(client, url, **data):
    return client.post(url, data, follow=True)


class TestClaim:
    def test_one(self, buyer_s, purchases):
        task, other = purchases(2)

        response = send(buyer_s, CLAIM, only=task.pk, task=[other.pk])

        assert (assignees(task), assignees(other)) == (["buyer"], [])
        assert messages(response) == ["1 task is yours now."]

    def test_several(self, buyer_s, purchases):
        tasks = purchases(3)

        response = send(buyer_s, CLAIM, task=[task.pk for task in tasks[:2]])

        assert [assignees(task) for task in tasks] == [["buyer"], ["buyer"], []]
        assert messages(response) == ["2 tasks are yours now."]

    def test_somebody_was_faster__says_who_and_takes_the_others(self, buyer_s, purchases, person):
        taken, free = purchases(2)
        taken.claim(person("colleague", "testapp.order_purchase"))

        response = send(buyer_s, CLAIM, task=[taken.pk, free.pk])

        assert (assignees(taken), assignees(free)) == (["colleague"], ["buyer"])
        assert messages(response) == [
            "1 task is yours now.",
            f"colleague has “order (purchase {taken._workflow_id})” already.",
        ]

    def test_closed(self, buyer_s, order):
        task = order()
        task.cancel()

        response = send(buyer_s, CLAIM, only=task.pk)

        assert messages(response) == [f"“order (purchase {task._workflow_id})” is closed already."]

    def test_a_stranger_s__says_nothing_of_it(self, buyer_s, approve):
        response = send(buyer_s, CLAIM, only=approve.pk)

        assert assignees(approve) == ["manager"]
        assert messages(response) == ["You may not do this."]

    def test_busy(self, buyer_s, order, monkeypatch):
        def claim(self, user, *, wait):
            raise InstanceLocked

        monkeypatch.setattr(Task, "claim", claim)

        response = send(buyer_s, CLAIM, only=order().pk)

        assert messages(response) == [
            "Somebody else is working on this at the moment. Please try again."
        ]

    def test_several_are_busy__only_one_is_waited_for(self, buyer_s, purchases, monkeypatch):
        waits = []

        def lock_instance(pk, using, *, wait):
            waits.append(wait)
            raise InstanceLocked

        tasks = purchases(3)
        monkeypatch.setattr("joeflow.transitions.lock_instance", lock_instance)

        response = send(buyer_s, CLAIM, task=[task.pk for task in tasks])

        assert waits == [True, False, False]
        assert len(messages(response)) == 3

    @pytest.mark.parametrize("key", ["", "x", "-1", "9" * 40, "4711"])
    def test_what_is_no_task_is_not_taken(self, buyer_s, order, key):
        task = order()

        response = send(buyer_s, CLAIM, task=[key])

        assert response.status_code == 200
        assert assignees(task) == []

    def test_gone_from_the_code(self, buyer_s, order):
        task = order()
        Task.objects.filter(pk=task.pk).update(name="gone")

        response = send(buyer_s, CLAIM, only=task.pk)

        assert messages(response) == [
            f"This cannot be done with “gone (purchase {task._workflow_id})”."
        ]

    def test_it_goes_back_to_where_one_comes_from(self, buyer_s, order):
        data = {"only": order().pk, "next": "/work/inbox/?q=honey"}

        assert buyer_s.post(CLAIM, data).url == "/work/inbox/?q=honey"

    @pytest.mark.parametrize("url", ["https://elsewhere.example/", "//elsewhere.example", ""])
    def test_it_goes_nowhere_else(self, buyer_s, order, url):
        assert buyer_s.post(CLAIM, {"only": order().pk, "next": url}).url == "/work/inbox/"

    def test_nothing_is_done_by_looking(self, buyer_s):
        assert buyer_s.get(CLAIM).status_code == 405


class TestRelease:
    def test_it_is_free_again(self, buyer_s, buyer, order):
        task = order()
        task.claim(buyer)

        response = send(buyer_s, f"/work/inbox/{task.pk}/release/")

        assert assignees(task) == []
        assert messages(response) == ["You gave “order” back."]

    def test_it_was_given_to_this_person_alone(self, browser, manager, approve):
        response = send(browser(manager), f"/work/inbox/{approve.pk}/release/")

        assert assignees(approve) == ["manager"]
        assert "Hand it over to somebody instead." in messages(response)[0]

    def test_somebody_else_has_it(self, buyer_s, order, person):
        task = order()
        task.claim(person("colleague", "testapp.order_purchase"))

        response = send(buyer_s, f"/work/inbox/{task.pk}/release/")

        assert messages(response)[0].startswith("colleague has “order")

    def test_there_is_no_such_task(self, buyer_s):
        assert buyer_s.post("/work/inbox/4711/release/").status_code == 404


class TestAssign:
    def test_from_the_inbox(self, buyer_s, order, person):
        task = order()
        person("colleague", "testapp.order_purchase")

        response = send(buyer_s, f"/work/inbox/{task.pk}/assign/", to="colleague")

        assert assignees(task) == ["colleague"]
        assert messages(response) == ["“order” is for colleague now."]

    def test_nobody_has_that_name__offers_those_who_are_like_it(self, buyer_s, order, person):
        task = order()
        for name in ("colleague", "collector", "other"):
            person(name, "testapp.order_purchase")
        person("colonel")

        response = send(buyer_s, f"/work/inbox/{task.pk}/assign/", to="col")

        assert assignees(task) == []
        assert NOBODY in response.text
        offered = [each["name"] for each in response.context["colleagues"]]
        assert offered == ["colleague", "collector"]

    @pytest.mark.parametrize("name", ["stranger", "nobody"])
    def test_to_somebody_who_may_not__is_told_like_nobody(self, buyer_s, order, person, name):
        task = order()
        person("stranger")

        response = send(buyer_s, f"/work/inbox/{task.pk}/assign/", to=name)

        assert assignees(task) == []
        assert response.context["form"].errors == {"to": [NOBODY]}

    def test_a_member_of_another_group(self, browser, receive, person):
        me = browser(person("me", groups=["Stores"]))
        person("stranger", groups=["Sales"])

        response = send(me, f"/work/inbox/{receive.pk}/assign/", to="stranger")

        assert response.context["form"].errors == {"to": [NOBODY]}

    def test_a_boss_names_anybody(self, browser, admin_user, approve, person):
        person("stranger")

        send(browser(admin_user), f"/work/inbox/{approve.pk}/assign/", to="stranger")

        assert assignees(approve) == ["stranger"]

    def test_a_rule_of_a_project_s_own(self, rf, buyer, order, person):
        person("colleague", "testapp.order_purchase")

        class Alone(AssignView):
            def get_colleague(self, name):
                return None

        task = order()
        request = rf.post("/", {"to": "colleague"})
        request.user, request.resolver_match = buyer, resolve(f"/work/inbox/{task.pk}/assign/")

        response = Alone.as_view()(request, pk=task.pk)

        assert response.context_data["form"].errors == {"to": [NOBODY]}

    def test_to_somebody_who_is_gone(self, buyer_s, order, person):
        gone = person("gone", "testapp.order_purchase")
        gone.is_active = False
        gone.save()

        response = send(buyer_s, f"/work/inbox/{order().pk}/assign/", to="gone")

        assert NOBODY in response.text

    def test_a_boss_cannot_name_somebody_who_is_gone(self, browser, admin_user, approve, person):
        gone = person("gone")
        gone.is_active = False
        gone.save()

        response = send(browser(admin_user), f"/work/inbox/{approve.pk}/assign/", to="gone")

        assert NOBODY in response.text

    def test_members_of_a_group_are_offered(self, browser, receive, person):
        person("stranger")
        person("packer", groups=["Stores"])
        me = browser(person("me", groups=["Stores"]))

        response = me.get(f"/work/inbox/{receive.pk}/assign/")

        assert [each["name"] for each in response.context["colleagues"]] == ["packer"]

    def test_a_boss_is_offered_everybody(self, browser, admin_user, approve, person):
        person("stranger")

        response = browser(admin_user).get(f"/work/inbox/{approve.pk}/assign/?q=st")

        assert [each["name"] for each in response.context["colleagues"]] == ["stranger"]

    def test_nobody_fits(self, buyer_s, order):
        response = buyer_s.get(f"/work/inbox/{order().pk}/assign/?q=x")

        assert "Nobody who could take this has such a name." in response.text

    @pytest.mark.parametrize("method", ["get", "post", "put"])
    @pytest.mark.parametrize("name", ["", "manager", "nobody"])
    def test_a_stranger_s(self, buyer_s, approve, person, method, name):
        response = getattr(buyer_s, method)(f"/work/inbox/{approve.pk}/assign/", {"to": name})

        assert response.status_code == 403
        assert str(approve.workflow) not in response.text
        assert assignees(approve) == ["manager"]

    def test_a_stranger_s__closed(self, buyer_s, approve):
        approve.finish()

        response = buyer_s.post(f"/work/inbox/{approve.pk}/assign/", {"to": ""})

        assert response.status_code == 403

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_closed_meanwhile(self, buyer_s, order, method):
        task = order()
        task.cancel()

        response = getattr(buyer_s, method)(f"/work/inbox/{task.pk}/assign/", follow=True)

        assert messages(response) == [f"“order (purchase {task._workflow_id})” is closed already."]

    def test_closed_meanwhile__a_boss(self, browser, admin_user, approve):
        approve.cancel()

        response = send(browser(admin_user), f"/work/inbox/{approve.pk}/assign/", to="manager")

        assert "is closed already" in messages(response)[0]

    def test_gone_from_the_code(self, buyer_s, order):
        task = order()
        Task.objects.filter(pk=task.pk).update(name="gone")

        assert buyer_s.post(f"/work/inbox/{task.pk}/assign/", {"to": ""}).status_code == 403

    def test_who_is_not_logged_in(self, client, sign):
        url = f"/work/inbox/{sign.pk}/assign/"

        assert client.post(url, {"to": "x"}).url == f"/admin/login/?next={url}"

    def test_a_task_of_a_machine(self, buyer_s):
        greeting = GreetingWorkflow.objects.create()
        task = greeting.task_set.create(name="end", type="machine", workflow=greeting)

        assert buyer_s.get(f"/work/inbox/{task.pk}/assign/").status_code == 404

    def test_the_number_of_statements(self, buyer_s, order, person, statements):
        for number in range(5):
            person(f"colleague{number}", "testapp.order_purchase")
        task = order()
        buyer_s.get(f"/work/inbox/{task.pk}/assign/")

        with statements:
            buyer_s.get(f"/work/inbox/{task.pk}/assign/")

        # Session, user, permissions (two); the task and its instance; the colleagues.
        assert len(statements.data) == 7, statements.data


class TestSnooze:
    def test_until_a_day(self, buyer_s, order):
        task = order()
        day = timezone.localdate() + timedelta(days=2)

        response = send(buyer_s, f"/work/inbox/{task.pk}/snooze/", until=day.isoformat())

        task.refresh_from_db()
        assert timezone.localtime(task.snoozed_until).date() == day
        assert messages(response) == ["“order” is put off."]
        assert Event.objects.get(task=task).kind == Event.SNOOZED

    @pytest.mark.parametrize(
        ("until", "problem"),
        [
            ("2020-01-01", "a day that is yet to come"),
            ("soon", "valid date"),
            ("", "required"),
            ("9999-12-31", "within the next year"),
        ],
    )
    def test_a_day_that_cannot_be(self, buyer_s, order, until, problem):
        task = order()

        response = send(buyer_s, f"/work/inbox/{task.pk}/snooze/", until=until)

        task.refresh_from_db()
        assert task.snoozed_until is None
        assert problem in response.text

    def test_the_last_day(self, buyer_s, order):
        task = order()
        day = timezone.localdate() + timedelta(days=365)

        response = send(buyer_s, f"/work/inbox/{task.pk}/snooze/", until=day.isoformat())

        assert messages(response) == ["“order” is put off."]

    def test_until_today(self, buyer_s, order):
        response = send(
            buyer_s, f"/work/inbox/{order().pk}/snooze/", until=timezone.localdate().isoformat()
        )

        assert "a day that is yet to come" in response.text

    @pytest.mark.parametrize("until", ["", "9999-01-01"])
    def test_a_stranger_s(self, buyer_s, approve, until):
        response = buyer_s.post(f"/work/inbox/{approve.pk}/snooze/", {"until": until})

        approve.refresh_from_db()
        assert response.status_code == 403
        assert approve.snoozed_until is None

    def test_tomorrow_is_suggested(self, buyer_s, order):
        tomorrow = timezone.localdate() + timedelta(days=1)

        assert f'value="{tomorrow}"' in buyer_s.get(f"/work/inbox/{order().pk}/snooze/").text
