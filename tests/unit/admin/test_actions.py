"""Rerun and cancel in the list of tasks."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import OperationalError, transaction
from django.utils import timezone, translation

from joeflow.admin import actions
from joeflow.exceptions import InstanceLocked
from joeflow.models import Task
from tests.testapp.models import Loan
from tests.unit.admin.pages import texts

pytestmark = pytest.mark.django_db

URL = "/admin/joeflow/task/"
SKIPPED_BUSY = "%s skipped: a task of the workflow is running, try again in a moment (%s)."
SKIPPED_ALL = (
    "3 tasks were skipped: completed or canceled before (1), for a person (1), not failed (1)."
)


def act(client, action, tasks, **data):
    """Run an action on these tasks and return the page that follows."""
    keys = [task.pk for task in tasks]
    data = {"action": action, "_selected_action": keys, "index": 0, **data}
    response = client.post(URL, data, follow=True)
    assert response.status_code == 200
    return response


def statuses(*tasks):
    return [Task.objects.get(pk=task.pk).status for task in tasks]


@pytest.fixture
def closed(make_task):
    return make_task(status=Task.SUCCEEDED, completed=timezone.now())


@pytest.fixture
def for_a_person(make_task):
    return make_task(name="hand_over", type="human", status=Task.SCHEDULED)


@pytest.fixture
def scheduled(make_task):
    return make_task(status=Task.SCHEDULED, eta=timezone.now())


class TestRerun:
    def test_schedules_failed_tasks_again(self, boss, make_task):
        tasks = [make_task(exception="ValueError()", stacktrace="Traceback") for _ in range(2)]

        response = act(boss, "rerun", tasks)

        task = Task.objects.get(pk=tasks[0].pk)
        assert texts(response) == ["2 tasks will run again."]
        assert statuses(*tasks) == ["scheduled", "scheduled"]
        assert (task.exception, task.stacktrace, task.attempts) == ("", "", 1)
        assert task.eta is not None

    @pytest.mark.django_db(transaction=True)
    def test_hands_the_tasks_out(self, boss, make_task, monkeypatch):
        tasks, handed_out = [make_task(), make_task()], []
        monkeypatch.setattr(
            "joeflow.transitions.hand_out", lambda all_: handed_out.extend(d.task_pk for d in all_)
        )

        act(boss, "rerun", tasks)

        assert handed_out == [task.pk for task in tasks]

    def test_skips_what_has_not_failed_and_says_why(
        self, boss, make_task, closed, for_a_person, scheduled
    ):
        response = act(boss, "rerun", [make_task(), closed, for_a_person, scheduled])

        assert texts(response) == [
            "1 task will run again.",
            SKIPPED_ALL,
        ]
        assert statuses(closed, for_a_person, scheduled) == ["succeeded", "scheduled", "scheduled"]

    def test_skips_the_failed_task_of_a_person(self, boss, make_task):
        task = make_task(type="human", name="hand_over")

        response = act(boss, "rerun", [task])

        assert texts(response) == ["1 task was skipped: for a person (1)."]
        assert statuses(task) == ["failed"]

    def test_skips_busy_instances_and_does_the_others(self, boss, make_task, busy):
        first, second, third = make_task(), make_task(), make_task()

        with busy(first._workflow_id, second._workflow_id):
            response = act(boss, "rerun", [first, second, third])

        assert texts(response) == [
            "1 task will run again.",
            SKIPPED_BUSY % ("2 tasks were", 2),
        ]
        assert statuses(first, second, third) == ["failed", "failed", "scheduled"]

    def test_waits_for_one_busy_instance_alone(self, boss, make_task, busy):
        tasks = [make_task() for _ in range(3)]

        with busy(tasks[0]._workflow_id) as asked:
            act(boss, "rerun", tasks)

        assert asked == [True, False, False]

    def test_skips_what_changes_meanwhile(self, boss, make_task, monkeypatch):
        task = make_task()
        real = actions.transition

        def change_first(*args, **options):
            Task.objects.filter(pk=task.pk).update(status=Task.SCHEDULED)
            return real(*args, **options)

        monkeypatch.setattr(actions, "transition", change_first)
        response = act(boss, "rerun", [task])

        assert texts(response) == ["1 task was skipped: changed by somebody else meanwhile (1)."]

    def test_says_so_where_nothing_is_left(self, boss, make_task):
        task = make_task()
        make_task()
        Task.objects.filter(pk=task.pk).delete()

        response = act(boss, "rerun", [task])

        assert texts(response) == ["None of the selected tasks is there any more."]

    def test_takes_the_tasks_of_one_instance_together(self, boss, make_task, loan):
        tasks = [make_task(loan), make_task(loan, name="put_back")]

        response = act(boss, "rerun", tasks)

        assert texts(response) == ["2 tasks will run again."]
        assert statuses(*tasks) == ["scheduled", "scheduled"]

    def test_takes_all_pages_in_parts(self, boss, make_task, monkeypatch):
        monkeypatch.setattr(actions, "CHUNK", 2)
        tasks = [make_task() for _ in range(5)]

        response = act(boss, "rerun", tasks[:1], select_across=1)

        assert texts(response) == ["5 tasks will run again."]
        assert statuses(*tasks) == ["scheduled"] * 5

    def test_never_has_more_than_a_part_in_memory(self, make_task, loan, monkeypatch):
        monkeypatch.setattr(actions, "CHUNK", 2)
        for _ in range(5):
            make_task(loan)

        parts = list(actions._by_instance(Task.objects.all()))

        assert [len(pks) for _, pks in parts] == [2, 2, 1]

    def test_goes_by_the_filters_where_all_pages_are_selected(self, boss, make_task):
        task, other = make_task(), make_task(name="put_back")

        boss.post(
            f"{URL}?q=put_back",
            {"action": "rerun", "_selected_action": [other.pk], "select_across": 1, "index": 0},
        )

        assert statuses(task, other) == ["failed", "scheduled"]

    def test_records_who_did_it(self, boss, make_task):
        task = make_task()

        act(boss, "rerun", [task])

        entry = LogEntry.objects.get()
        assert (entry.user.first_name, entry.object_id, entry.change_message) == (
            "Boss",
            str(task.pk),
            "Rerun.",
        )


class TestCancel:
    def test_says_so_where_a_deadlock_was_in_the_way(
        self, transactional_db, boss, scheduled, monkeypatch
    ):
        def deadlock(*args):
            raise OperationalError("deadlock detected")

        monkeypatch.setattr("joeflow.transitions.Transition.cancel", deadlock)
        monkeypatch.setattr("joeflow.locks.is_taken", lambda error, using: True)

        response = act(boss, "cancel", [scheduled])

        assert texts(response) == [SKIPPED_BUSY % ("1 task was", 1)]
        assert statuses(scheduled) == ["scheduled"]

    def test_is_not_told_to_try_again_where_a_hook_after_the_commit_raises(
        self, transactional_db, boss, scheduled, monkeypatch
    ):
        def hook():
            raise InstanceLocked

        monkeypatch.setattr(
            actions.Cancel, "_record", lambda action, tasks: transaction.on_commit(hook)
        )

        with pytest.raises(InstanceLocked):
            act(boss, "cancel", [scheduled])

        assert statuses(scheduled) == ["canceled"]

    def test_ends_open_tasks(self, boss, make_task, for_a_person, scheduled, ended):
        tasks = [make_task(), for_a_person, scheduled]

        response = act(boss, "cancel", tasks)

        task = Task.objects.get(pk=tasks[0].pk)
        assert texts(response) == ["3 tasks were canceled."]
        assert statuses(*tasks) == ["canceled"] * 3
        assert task.completed is not None
        assert task.completed_by_user.first_name == "Boss"
        assert ended(task.workflow) is not None

    def test_skips_closed_tasks_and_says_so(self, boss, closed):
        response = act(boss, "cancel", [closed])

        assert texts(response) == ["1 task was skipped: completed or canceled before (1)."]
        assert statuses(closed) == ["succeeded"]

    def test_skips_busy_instances(self, boss, make_task, busy):
        task = make_task()

        with busy(task._workflow_id):
            response = act(boss, "cancel", [task])

        assert texts(response) == [SKIPPED_BUSY % ("1 task was", 1)]
        assert statuses(task) == ["failed"]

    def test_records_who_did_it(self, boss, make_task):
        act(boss, "cancel", [make_task(), make_task()])

        assert list(LogEntry.objects.values_list("change_message", "user__first_name")) == [
            ("Canceled.", "Boss"),
            ("Canceled.", "Boss"),
        ]


def test_the_record_is_in_the_language_of_the_site(boss, make_task):
    with translation.override("de"):
        data = {"action": "cancel", "_selected_action": [make_task().pk]}
        boss.post(URL, data, headers={"Accept-Language": "de"})

    assert LogEntry.objects.get().change_message == "Canceled."


class TestPermissions:
    @pytest.mark.parametrize(
        ("permission", "offered"),
        [
            (None, []),
            ("joeflow.rerun", ["rerun"]),
            ("joeflow.cancel", ["cancel"]),
        ],
    )
    def test_offers_what_somebody_may_do(self, staff, make_task, permission, offered):
        make_task()

        response = staff("joeflow.view_task", *filter(None, [permission])).get(URL)

        form = response.context["action_form"]
        names = [name for name, _ in form.fields["action"].choices if name] if form else []
        assert names == offered

    @pytest.mark.parametrize(("own", "other"), [("rerun", "cancel"), ("cancel", "rerun")])
    def test_refuses_what_somebody_may_not_do(self, staff, make_task, own, other):
        task = make_task()

        act(staff("joeflow.view_task", f"joeflow.{own}"), other, [task])

        assert statuses(task) == ["failed"]

    def test_hides_the_list_from_who_may_not_look(self, staff, make_task):
        make_task()

        assert staff("joeflow.rerun").get(URL).status_code == 403

    def test_never_deletes(self, boss, make_task):
        task = make_task()

        act(boss, "delete_selected", [task], post="yes")

        assert Loan.objects.count() == Task.objects.count() == 1
