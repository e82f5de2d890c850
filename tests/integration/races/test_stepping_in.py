"""Those who step in against people and machines."""

from functools import partial

import pytest
from django.test import Client

from joeflow import engine, testing
from joeflow.exceptions import InstanceChanged, UndoRefused
from joeflow.models import Task
from joeflow.recovery import sweep
from tests.testapp.models import Chain, Gateway, Meeting, Report


@pytest.fixture
def report(transactional_db):
    """An instance that waits for somebody who writes."""
    Client().post("/report/start/", {"title": "Honey"})
    return Report.objects.get()


def finish(workflow, name):
    task = workflow.task_set.open().get(name=name)
    task.finish()
    task.start_next_tasks()
    return task


def open_names(workflow):
    return sorted(workflow.task_set.open().values_list("name", flat=True))


@pytest.mark.protected_by("without_locks")
def test_pause_against_a_running_task(race, judge, monkeypatch, transactional_db):
    monkeypatch.setattr(Gateway, "answer", race.meeting(lambda workflow: [workflow.left]))
    workflow = Gateway.start()
    task = workflow.task_set.get(name="choose")
    seen = []

    def pause():
        workflow.pause()
        seen.append(Task.objects.get(pk=task.pk).status)

    race.run(partial(engine.run, task.pk, workflow.pk, stay=False), race.in_between(pause))

    # Whoever has paused it finds nothing that still runs: it has come to its end, or never begins.
    after = Task.objects.get(pk=task.pk).status
    judge([] if seen == [after] else [f"when it was paused the task was {seen}, then {after}"])


@pytest.mark.protected_by("without_locks")
def test_pause_against_a_post(race, judge, report):
    race.meet_at("joeflow.views.TaskViewMixin.form_valid", "joeflow.transitions.Transition.record")
    url = report.task_set.get(name="write").get_absolute_url()
    found = []

    def pause():
        report.pause()
        found.append(open_names(report))

    race.run(partial(Client().post, url, {"title": "Milk"}), pause)

    # What is there when somebody has paused it stays: no form is taken afterwards.
    judge([] if found == [open_names(report)] else [f"{found} became {open_names(report)}"])


def test_resume_twice(race, handed_out, transactional_db):
    race.meet_at("joeflow.pausing._hand_out_due")
    workflow = Chain.start()
    workflow.pause()
    handed_out.clear()
    copies = [Chain.objects.get(), Chain.objects.get()]

    race.run(*[copy.resume for copy in copies])
    sweep()

    assert len(handed_out) == 1


@pytest.mark.protected_by("without_locks", "without_status_in_where")
def test_undo_against_a_machine_that_follows(race, judge, report, transactional_db):
    race.meet_at("joeflow.steps.create_successors", "joeflow.undoing.Undo.apply")
    finish(report, "write")
    read = finish(report, "read")
    printing = report.task_set.get(name="print_it")

    run, undone = race.run(partial(engine.run, printing.pk, report.pk, stay=False), read.undo)

    # It was printed and cannot be taken back any more, or it was taken back and is not printed.
    status = Task.objects.get(pk=printing.pk).status
    is_refused = isinstance(undone, Exception)
    outcome = (status, is_refused, open_names(report))
    allowed = [(Task.SUCCEEDED, True, []), (Task.CANCELED, False, ["read"])]
    violations = [] if outcome in allowed else [f"it is {outcome}: {run!r}, {undone!r}"]
    judge(violations)


@pytest.mark.protected_by("without_locks", "without_status_in_where")
def test_undo_against_the_next_person(race, judge, report):
    race.meet_at("joeflow.undoing.Undo.apply", "joeflow.transitions.Transition.complete")
    write = finish(report, "write")

    def read():
        try:
            finish(report, "read")
        except Exception as error:  # noqa: BLE001 - it was canceled
            return error
        return None

    undone, done = race.run(write.undo, read)

    outcome = (isinstance(undone, UndoRefused), done is None, open_names(report))
    allowed = [(True, True, ["print_it"]), (False, False, ["write"])]
    judge([] if outcome in allowed else [f"it is {outcome}: {undone!r}, {done!r}"])


def test_undo_twice(race, report):
    race.meet_at("joeflow.undoing.Undo.apply")
    write = finish(report, "write")
    copies = [Task.objects.get(pk=write.pk) for _ in range(2)]

    outcomes = race.run(*[copy.undo for copy in copies])

    events = write.event_set.count()
    refused = sum(isinstance(outcome, UndoRefused) for outcome in outcomes)
    assert (events, refused) == (1, 1)


@pytest.mark.protected_by("without_locks")
def test_undo_against_the_last_parent_of_a_join(race, judge, transactional_db):
    race.meet_at("joeflow.undoing.Undo.apply", "joeflow.successors._link")
    meeting = Meeting.start()
    ask = finish(meeting, "ask")

    race.run(ask.undo, partial(finish, meeting, "book"))

    # Whoever was first: one has arrived, and the join waits for the other.
    [*joins] = meeting.task_set.open().filter(name="join")
    violations = [] if open_names(meeting) == ["ask", "join"] else [f"open: {open_names(meeting)}"]
    if [join.eta for join in joins] != [None]:
        violations.append("no join waits")
    if not violations:
        finish(meeting, "ask")
        testing.run(meeting, until="come")
    judge(violations)


@pytest.mark.protected_by("without_locks")
def test_a_plan_against_a_post(race, judge, report):
    race.meet_at("joeflow.views.TaskViewMixin.form_valid", "joeflow.overriding._write_override")
    url = report.task_set.get(name="write").get_absolute_url()
    plan = report.plan_override(["print_it"])

    posted, applied = race.run(partial(Client().post, url, {"title": "Milk"}), plan.apply)

    allowed = {(302, True): ["read"], (409, False): ["print_it"]}
    outcome = (getattr(posted, "status_code", None), isinstance(applied, InstanceChanged))
    found = open_names(report)
    judge([] if found == allowed.get(outcome) else [f"it is {outcome}, open are {found}"])
