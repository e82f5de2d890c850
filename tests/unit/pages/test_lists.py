"""What a person has done, what is running, and what can be started."""

import pytest
from django.utils import timezone

from joeflow.models import Task, Workflow
from joeflow.views import InstancesView
from tests.testapp.models import GreetingWorkflow, Letter, Purchase
from tests.unit.pages.conftest import make_due
from tests.unit.people.conftest import make_purchase

pytestmark = pytest.mark.django_db
DONE, RUNNING, START = "/work/done/", "/work/running/", "/work/start/"


def running(response):
    return [row["workflow"] for row in response.context["rows"]]


class TestDone:
    def test_the_latest_first(self, buyer_s, buyer, purchases):
        first, second, other = purchases(3)
        for task in (first, second):
            task.finish(buyer)
        other.finish()

        response = buyer_s.get(DONE)

        assert list(response.context["tasks"]) == [second, first]
        assert f'href="/purchase/{first._workflow_id}/"' in response.text

    def test_nothing(self, buyer_s):
        assert "You have done nothing so far." in buyer_s.get(DONE).text

    def test_search(self, buyer_s, buyer, purchases):
        task = purchases(1)[0]
        task.finish(buyer)

        assert list(buyer_s.get(DONE, {"q": "honey"}).context["tasks"]) == [task]
        assert "Nothing that fits." in buyer_s.get(DONE, {"q": "cake"}).text

    def test_the_number_of_statements_does_not_grow(self, buyer_s, buyer, purchases, statements):
        for task in purchases(5):
            task.finish(buyer)
        buyer_s.get(DONE)

        with statements:
            buyer_s.get(DONE)

        # Session, user; tasks and instances.
        assert len(statements.data) == 4, statements.data


class TestRunning:
    @pytest.fixture
    def boss_s(self, browser, person):
        return browser(person("boss", "testapp.view_purchase"))

    def test_what_has_not_ended__the_newest_first(self, boss_s):
        first, second, ended = (make_purchase("sign") for _ in range(3))
        ended.cancel()

        response = boss_s.get(RUNNING)

        assert running(response) == [second, first]
        assert response.text.count(">sign</a>") == 2

    def test_only_classes_that_one_may_view(self, boss_s, purchase):
        Letter.start()

        assert running(boss_s.get(RUNNING)) == [purchase]

    def test_who_may_change_may_view(self, browser, person, purchase):
        boss_s = browser(person("other", "testapp.change_purchase"))

        assert running(boss_s.get(RUNNING)) == [purchase]

    def test_without_any_permission__says_so(self, buyer_s, purchase):
        response = buyer_s.get(RUNNING)

        assert running(response) == []
        assert "You may not see the list of any workflow." in response.text

    @pytest.mark.extra("guardian")
    def test_single_instances(self, browser, person, settings):
        from guardian.shortcuts import assign_perm

        settings.AUTHENTICATION_BACKENDS = [
            "django.contrib.auth.backends.ModelBackend",
            "guardian.backends.ObjectPermissionBackend",
        ]
        shown, _hidden = make_purchase("sign"), make_purchase("sign")
        somebody = person("somebody")
        assign_perm("testapp.view_purchase", somebody, shown)
        client = browser(somebody)
        client.force_login(somebody, backend="django.contrib.auth.backends.ModelBackend")

        assert running(client.get(RUNNING)) == [shown]

    def test_nothing(self, boss_s):
        assert "Nothing is running." in boss_s.get(RUNNING).text

    def test_filter_by_where_it_stands(self, boss_s):
        make_purchase("sign")
        order = make_purchase("order")

        assert running(boss_s.get(RUNNING, {"node": "order"})) == [order]

    def test_filter_by_workflow__another_one_s(self, boss_s, purchase):
        response = boss_s.get(RUNNING, {"workflow": "testapp.letter"})

        assert running(response) == [purchase]  # it is none to choose from

    def test_filter_by_state(self, boss_s):
        late, failed, paused = (make_purchase("sign") for _ in range(3))
        make_due(late.task_set.get(name="sign"), days=-1)
        failed.task_set.filter(name="sign").update(status=Task.FAILED)
        Workflow.objects.filter(pk=paused.pk).update(_paused=timezone.now())

        for state, workflow in (("late", late), ("failed", failed), ("paused", paused)):
            response = boss_s.get(RUNNING, {"state": state})
            assert running(response) == [workflow]
            assert f'<span class="flag {state}">{state}</span>' in response.text

    def test_several_open_tasks__are_one_instance(self, boss_s, monkeypatch):
        monkeypatch.setattr(InstancesView, "paginate_by", 2)
        workflows = [make_purchase("sign") for _ in range(2)]
        for workflow in workflows:
            workflow.task_set.create(name="order", type="human", workflow=workflow)

        response = boss_s.get(RUNNING)

        assert running(response) == workflows[::-1]
        assert [len(row["tasks"]) for row in response.context["rows"]] == [2, 2]
        assert "Next page" not in response.text

    def test_the_number_of_statements_does_not_grow(self, boss_s, statements):
        for _ in range(5):
            make_purchase("sign")
        boss_s.get(RUNNING)

        with statements:
            boss_s.get(RUNNING)

        # Session, user, permissions (two); instances, their tasks, their state.
        assert len(statements.data) == 7, statements.data


class TestStart:
    def names(self, response):
        return [str(row["name"]) for row in response.context["rows"]]

    def test_what_one_may_start(self, browser, person):
        response = browser(person("employee", "testapp.request_purchase")).get(START)

        assert "purchase" in self.names(response)
        assert 'href="/purchase/start/"' in response.text

    def test_what_one_may_not_start(self, buyer_s):
        response = buyer_s.get(START)

        assert "purchase" not in self.names(response)
        assert Purchase._meta.verbose_name == "purchase"

    def test_what_machines_start_is_not_for_people(self, buyer_s):
        assert "letter" not in self.names(buyer_s.get(START))

    def test_a_start_that_asks_itself_is_shown(self, buyer_s):
        assert 'href="/guarded/start/"' in buyer_s.get(START).text

    @pytest.mark.urls("tests.unit.pages.urls_alone")
    def test_what_no_urlconf_includes_is_left_out(self, buyer_s):
        assert "There is nothing that you may start." in buyer_s.get(START).text

    def test_the_number_of_statements(self, buyer_s, statements):
        GreetingWorkflow.objects.create()
        buyer_s.get(START)

        with statements:
            buyer_s.get(START)

        # Session, user, permissions (two).
        assert len(statements.data) == 4, statements.data
