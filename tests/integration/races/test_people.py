"""People against each other, and against machines."""

from functools import partial

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from joeflow import engine, testing
from joeflow.exceptions import InstanceLocked, TaskClosed, TaskTaken
from joeflow.models import Task
from tests.testapp.models import Failing, GreetingWorkflow

LOCK_AND_STATUS = pytest.mark.protected_by("without_locks", "without_status_in_where")


@pytest.fixture
def staff(transactional_db):
    """Return a function that gives the browser of a superuser."""

    def log_in(name):
        client = Client()
        client.force_login(get_user_model().objects.create_superuser(name))
        return client

    return log_in


@pytest.fixture
def greeting(transactional_db):
    """An instance that waits for a person at check_note."""
    Client().post("/greeting/start/", {"note": "Hello"})
    return testing.run(GreetingWorkflow.objects.get(), until="check_note")


@pytest.fixture
def url(greeting):
    """The form of the open task."""
    return greeting.task_set.get(name="check_note").get_absolute_url()


def post(url, **data):
    return Client().post(url, data).status_code


def open_names(workflow):
    return sorted(workflow.task_set.open().values_list("name", flat=True))


@LOCK_AND_STATUS
def test_two_posts_of_one_form(race, judge, greeting, url):
    race.meet_at("joeflow.views.TaskViewMixin.form_valid")

    codes = race.run(partial(post, url, note="first"), partial(post, url, note="second"))

    violations = []
    if sorted(map(str, codes)) != ["302", "409"]:
        violations.append(f"the answers were {codes}")
    if open_names(greeting) != ["end"]:
        violations.append(f"open are {open_names(greeting)}")
    judge(violations)


@LOCK_AND_STATUS
def test_post_against_override(race, judge, greeting, url, staff):
    race.meet_at("joeflow.views.TaskViewMixin.form_valid", "joeflow.overriding._write_override")
    client = staff("winnie")
    seen = greeting.task_set.get(name="check_note").pk

    def override():
        data = {"next_tasks": ["add_one"], "open_tasks": seen, "note": "Overridden", "count": 5}
        return client.post(greeting.get_override_url(), data).status_code

    codes = race.run(partial(post, url, note="Posted"), override)

    # Whoever comes second is told so; what he has sent has changed nothing.
    allowed = {(302, 409): ["end"], (409, 302): ["add_one"]}
    violations = []
    if open_names(greeting) != allowed.get(tuple(codes)):
        violations.append(f"the answers were {codes}, open are {open_names(greeting)}")
    judge(violations)


@LOCK_AND_STATUS
def test_cancel_against_a_running_task(race, judge, monkeypatch, transactional_db):
    monkeypatch.setattr(Failing, "behavior", race.meeting(lambda workflow: None))
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")

    run, canceled = race.run(
        partial(engine.run, task.pk, workflow.pk, stay=False),
        race.in_between(lambda: Task.objects.filter(pk=task.pk).cancel()),
    )

    # The task was canceled, and nothing follows; or it was too late for that.
    task.refresh_from_db()
    outcome = (canceled, task.status, open_names(workflow))
    violations = []
    if outcome not in [(1, Task.CANCELED, []), (0, Task.SUCCEEDED, ["end"])]:
        violations.append(f"canceled, status and open tasks are {outcome}")
    if getattr(run, "errors", 0):
        violations.append(f"the database refused the run: {run}")
    judge(violations)


@pytest.mark.protected_by("without_locks")
def test_rerun_twice(race, judge, monkeypatch, staff, handed_out):
    race.meet_at("joeflow.admin.actions.Rerun.do")

    def fail(workflow):
        raise ValueError("no")

    monkeypatch.setattr(Failing, "behavior", staticmethod(fail))
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")
    with pytest.raises(ValueError, match="no"):
        engine.run(task.pk, workflow.pk)
    handed_out.clear()
    clients = [staff("winnie"), staff("piglet")]

    def rerun(client):
        data = {"action": "rerun", "_selected_action": [task.pk]}
        return client.post("/admin/joeflow/task/", data).status_code

    codes = race.run(*[partial(rerun, client) for client in clients])

    violations = [] if codes == [302, 302] else [f"the answers were {codes}"]
    if len(handed_out) != 1:
        violations.append(f"the task was handed out {len(handed_out)} times")
    judge(violations)


@LOCK_AND_STATUS
def test_finish_against_finish(race, judge, greeting):
    race.meet_at("joeflow.transitions.Transition.complete")
    [task] = greeting.task_set.open()

    def finish():
        try:
            fresh = Task.objects.get(pk=task.pk)
            fresh.finish()
        except TaskClosed:
            return "closed"
        return "finished"

    outcomes = race.run(finish, finish)

    violations = []
    if sorted(map(str, outcomes)) != ["closed", "finished"]:
        violations.append(f"it was {outcomes}")
    judge(violations)


@pytest.mark.protected_by("without_locks")
def test_delete_of_an_instance_with_running_and_queued_tasks(
    race, judge, monkeypatch, transactional_db
):
    race.meet_at("django.db.models.deletion.Collector.delete")
    monkeypatch.setattr(Failing, "behavior", race.meeting(lambda workflow: None))
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")

    outcomes = race.run(
        partial(engine.run, task.pk, workflow.pk, stay=False), Failing.objects.get().delete
    )

    violations = [
        f"{type(outcome).__name__}: {outcome}"
        for outcome in outcomes
        if isinstance(outcome, Exception) and not isinstance(outcome, InstanceLocked)
    ]
    if Task.objects.filter(_workflow_id=workflow.pk).exists() or Failing.objects.exists():
        violations.append("something is left")
    if engine.run(task.pk, workflow.pk) is not None:
        violations.append("the message of a deleted task comes back")
    judge(violations)


@pytest.mark.protected_by("without_locks")
def test_two_people_take_one_task(race, judge, greeting, django_user_model):
    race.meet_at("joeflow.assignments._record")
    [task] = greeting.task_set.open()
    people = [django_user_model.objects.create_user(name) for name in ("piglet", "winnie")]

    outcomes = race.run(*[partial(task.claim, user) for user in people])

    taken = [outcome for outcome in outcomes if isinstance(outcome, TaskTaken)]
    holders = [user for told in taken for user in told.holders]
    violations = []
    if [outcomes.count(None), len(taken)] != [1, 1] or holders != list(task.assignees.all()):
        violations.append(f"it was {outcomes}; {list(task.assignees.all())} have it")
    judge(violations)
