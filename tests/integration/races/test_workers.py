"""Workers against each other."""

from datetime import timedelta
from functools import partial

import pytest

from joeflow import engine
from joeflow.clock import DatabaseNow
from joeflow.models import Task
from tests.testapp.models import Chain, Failing, SplitJoin

#: How many joins must be right.
MEETINGS = 500


@pytest.mark.protected_by("without_locks", "without_status_in_where")
def test_one_message_twice(race, judge, transactional_db):
    race.meet_at("joeflow.steps.create_successors")
    workflow = Chain.start()
    task = workflow.task_set.get(name="first")
    run = partial(engine.run, task.pk, workflow.pk, stay=False)

    race.run(run, run)

    following = workflow.task_set.filter(parent_task_set=task.pk).count()
    judge([] if following == 1 else [f"{following} tasks follow"])


@pytest.mark.protected_by("without_locks")
@pytest.mark.timeout(600)
def test_two_last_parents_of_a_join_in_the_same_instant(race, judge, transactional_db):
    race.meet_at("joeflow.steps.create_successors")
    violations = []
    for _ in range(1 if judge.is_bare else MEETINGS):
        violations += join_in_the_same_instant(race)
    judge(violations)


def join_in_the_same_instant(race):
    workflow = SplitJoin.start()
    split = workflow.task_set.get(name="split")
    engine.run(split.pk, workflow.pk, stay=False)
    branches = list(workflow.task_set.filter(name__in=["batman", "robin"]))

    outcomes = race.run(
        *[partial(engine.run, task.pk, workflow.pk, stay=False) for task in branches]
    )

    for task in branches:  # whoever found the instance taken comes back
        engine.run(task.pk, workflow.pk, stay=False)
    for task in workflow.task_set.due():
        engine.run(task.pk, workflow.pk)
    workflow.refresh_from_db()
    names = sorted(workflow.task_set.values_list("name", flat=True))
    violations = [repr(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
    if names != ["batman", "end", "join", "robin", "split", "start"]:
        violations.append(f"the tasks are {names}")
    if workflow.value != 2 or workflow._ended is None:
        violations.append(f"value is {workflow.value}, ended {workflow._ended}")
    return violations


@pytest.mark.protected_by("without_comparing_what_failed")
def test_failure_against_success(race, judge, monkeypatch, transactional_db):
    """A run that fails late says nothing about a task that another one has completed."""
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")
    answers = iter([ValueError("late"), None])

    def fail_the_first_time(instance):
        answer = next(answers)
        if answer is not None:
            raise answer

    monkeypatch.setattr(Failing, "behavior", staticmethod(fail_the_first_time))
    race.meet_at("joeflow.steps.Step.record_failure")
    run = partial(engine.run, task.pk, workflow.pk, stay=False)

    race.run(run, race.in_between(run))

    task.refresh_from_db()
    following = workflow.task_set.filter(parent_task_set=task.pk).count()
    violations = []
    if (task.status, following) not in [(Task.SUCCEEDED, 1), (Task.FAILED, 0)]:
        violations.append(f"the task is {task.status}, and {following} follow")
    judge(violations)


@pytest.mark.protected_by("without_comparing_the_eta")
def test_wake_against_not_yet(race, judge, monkeypatch, transactional_db):
    race.meet_at("joeflow.steps.Step._put_off")
    monkeypatch.setattr(Failing, "behavior", staticmethod(lambda workflow: False))
    workflow = Failing.start()
    tasks = workflow.task_set.filter(name="work")
    tasks.update(created=DatabaseNow(-timedelta(hours=1)))
    task = tasks.get()

    race.run(partial(engine.run, task.pk, workflow.pk, stay=False), race.in_between(workflow.wake))

    due = workflow.task_set.due().filter(pk=task.pk).exists()
    judge([] if due else ["the task sleeps, though it was woken after it was asked"])
