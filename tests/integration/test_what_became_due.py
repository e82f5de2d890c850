"""Whoever holds an instance goes on with what became due meanwhile."""

from datetime import timedelta

from joeflow import engine, recovery
from joeflow.clock import DatabaseNow
from joeflow.models import Task
from tests.integration.conftest import LIMIT
from tests.testapp.models import Chain, Failing


def test_a_task_that_became_due_while_the_node_ran_does_not_wait(threads, behave, settings):
    settings.JOEFLOW_STAY_SECONDS = 60
    running, go_on = threads.event(), threads.event()

    def work(workflow):
        running.set()
        go_on.wait(LIMIT)

    behave(Failing, work)
    workflow = Failing.start()
    task = workflow.task_set.get(name="work")
    other = Task.objects.create(
        name="end", type="machine", workflow=workflow, attempts=1,
        eta=task.eta + timedelta(hours=1),
    )  # fmt: skip
    run = threads.start(engine.run, task.pk, workflow.pk)
    assert running.wait(LIMIT)

    Task.objects.filter(pk=other.pk).update(eta=DatabaseNow())
    assert engine.run(other.pk, workflow.pk) is None
    go_on.set()

    assert run.result(LIMIT) is None
    other.refresh_from_db()
    assert other.status == Task.SUCCEEDED


def test_a_busy_instance_hides_nothing_from_the_sweep(hold, handed_out, transactional_db):
    busy, lost = Chain.start(), Chain.start()
    first = busy.task_set.get(name="first")
    Task.objects.bulk_create(
        Task(name="first", type="machine", workflow=busy, eta=first.eta) for _ in range(20)
    )
    Task.objects.filter(name="first").update(attempts=0)
    handed_out.clear()
    hold(busy)

    assert recovery.sweep(limit=10) == 1

    assert [call.workflow_pk for call in handed_out] == [lost.pk]
