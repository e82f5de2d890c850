"""Many workers at once: nothing is lost, nothing happens twice."""

import queue

import pytest

from joeflow import engine, recovery
from joeflow.clock import DatabaseNow
from joeflow.models import Task
from tests.testapp.models import Adding, Chain, SplitJoin

WORKERS = 4


def work_off(messages):
    """Do what a worker does, until there are no messages any more."""
    while True:
        try:
            task_pk, workflow_pk, bounces = messages.get_nowait()
        except queue.Empty:
            return
        come_back = engine.run(task_pk, workflow_pk, bounces=bounces, stay=False)
        if come_back is not None:
            assert come_back.errors == 0
            messages.put((task_pk, workflow_pk, come_back.bounces))


@pytest.fixture
def messages(settings, monkeypatch):
    """Return the queue to which the runner sends."""
    sent = queue.Queue()

    def send(*, task_pk, workflow_pk, countdown, eta):
        sent.put((task_pk, workflow_pk, 0))

    monkeypatch.setattr("tests.runners.record", send)
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
    return sent


def run_all(threads, tasks, messages):
    for task in tasks:
        messages.put((task.pk, task._workflow_id, 0))
    threads.run_all([lambda: work_off(messages)] * WORKERS)


def test_of_800_increments_none_is_lost(threads, messages):
    workflows = [Adding.start() for _ in range(4)]
    Task.objects.filter(name="add").update(eta=DatabaseNow(), attempts=1)
    for workflow in workflows:
        first = workflow.task_set.get(name="add")
        Task.objects.bulk_create(
            Task(
                name="add",
                type="machine",
                workflow=workflow,
                eta=first.eta,
                attempts=1,
            )
            for _ in range(199)
        )

    # Of each instance in turn, so that the workers meet there again and again.
    tasks = Task.objects.filter(name="add").order_by("pk")
    by_workflow = [tasks.filter(_workflow=workflow) for workflow in workflows]
    run_all(threads, [task for some in zip(*by_workflow, strict=True) for task in some], messages)

    assert set(Adding.objects.values_list("value", flat=True)) == {200}
    assert Task.objects.filter(name="add").succeeded().count() == 800


def test_batman_and_robin_end_with_two(threads, messages):
    workflows = [SplitJoin.start() for _ in range(20)]
    for workflow in workflows:
        split = workflow.task_set.get(name="split")
        engine.run(split.pk, workflow.pk, stay=False)

    run_all(threads, Task.objects.filter(name__in=["batman", "robin"]).order_by("pk"), messages)

    assert set(SplitJoin.objects.values_list("value", flat=True)) == {2}
    assert Task.objects.filter(name="join").count() == 20
    assert Task.objects.filter(name="end").count() == 20


def test_a_message_that_is_delivered_many_times_at_once_runs_its_task_once(threads, messages):
    workflows = [Chain.start() for _ in range(10)]
    tasks = [workflow.task_set.get(name="first") for workflow in workflows]

    run_all(threads, [task for task in tasks for _ in range(WORKERS)], messages)

    for workflow in workflows:
        workflow.refresh_from_db()
        names = list(workflow.task_set.values_list("name", flat=True))
        assert workflow.text == "123"
        assert len(names) == len(set(names))


def test_ten_sweeps_at_once_hand_out_each_task_once(threads, handed_out):
    for _ in range(30):
        Chain.start()
    Task.objects.filter(name="first").update(attempts=0)
    handed_out.clear()

    counts = threads.run_all([recovery.sweep] * 10)

    handed = [call.task_pk for call in handed_out]
    assert len(handed) == len(set(handed)) == sum(counts)
    # What one sweep skips, as another looks at the instance, goes with the next.
    recovery.sweep()
    assert set(Task.objects.filter(name="first").values_list("attempts", flat=True)) == {1}


def test_sweeps_beside_workers_run_nothing_twice(threads, messages):
    for _ in range(10):
        Adding.start()
    tasks = Task.objects.filter(name="add")
    tasks.update(attempts=0)

    threads.run_all([lambda: work_off(messages)] * 4 + [recovery.sweep] * 4)
    run_all(threads, tasks, messages)

    assert list(Adding.objects.values_list("value", flat=True)) == [1] * 10


@pytest.mark.parametrize("count", [2, 5])
def test_overrides_and_people_at_once_leave_one_truth(threads, count):
    from joeflow.exceptions import InstanceChanged, TaskClosed

    workflow = Chain.start()
    task = workflow.task_set.get(name="first")

    def override():
        try:
            engine.override(Chain.objects.get(), [Chain.third], seen=[task.pk])
        except InstanceChanged:
            return 0
        return 1

    def finish():
        try:
            Task.objects.get(pk=task.pk).finish()
        except TaskClosed:
            return 0
        return 1

    results = threads.run_all([override] * count + [finish] * count)

    assert sum(results) == 1
    task.refresh_from_db()
    assert task.completed is not None
    assert Task.objects.filter(name="third").count() == sum(results[:count])
