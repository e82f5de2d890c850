"""What is timed in instances that have many tasks."""

from django.db import connection
from ours.models import Chain, Split

from joeflow import engine
from joeflow.clock import DatabaseNow
from joeflow.models import Task

_CLOSED = """
INSERT INTO joeflow_task (workflow_id, content_type_id, name, type, status, created, modified,
                          completed, exception, stacktrace, eta, attempts, starts)
SELECT workflow_id, content_type_id, %(name)s, 'machine', %(status)s, created, modified,
       CASE WHEN %(status)s = 'succeeded' THEN now() END, '', '', now() + interval '1 year', 1, 0
FROM joeflow_task, generate_series(1, %(count)s) WHERE id = %(pk)s
"""
_LINKS = """
INSERT INTO joeflow_task_parent_task_set (from_task_id, to_task_id)
SELECT id, lag(id) OVER (ORDER BY id) FROM joeflow_task
WHERE workflow_id = %(workflow)s OFFSET 1 ON CONFLICT DO NOTHING
"""


def _copy(task, name, status, count):
    values = {"pk": task.pk, "name": name, "status": status, "count": count}
    with connection.cursor() as cursor:
        cursor.execute(_CLOSED, values)


def transition_after_many(tasks):
    """Run a task of an instance in which as many have ended."""
    workflow = Chain.start()
    task = workflow.task_set.get(completed=None)
    _copy(task, "step_1", "succeeded", tasks)
    yield
    engine.run(task.pk, workflow.pk, stay=False)
    yield
    assert Task.objects.filter(pk=task.pk, status="succeeded").exists()


def transition_beside_a_backlog(tasks):
    """Run a task while as many are due in other instances, of which no statistics know yet."""
    _copy(Chain.start().task_set.get(completed=None), "step_1", "scheduled", tasks)
    Task.objects.scheduled_machine().filter(name="step_1").update(eta=DatabaseNow())
    workflow = Chain.start()
    task = workflow.task_set.get(completed=None)
    yield
    engine.run(task.pk, workflow.pk, stay=False)
    yield
    assert Task.objects.filter(pk=task.pk, status="succeeded").exists()
    Task.objects.scheduled_machine().filter(name="step_1").delete()


def join_beside_a_backlog(tasks):
    """Run a branch while as many joins wait in other instances, of which no statistics know yet."""
    other = Split.start()
    engine.run(other.task_set.get(name="split").pk, other.pk, stay=False)
    engine.run(other.task_set.get(name="part_0").pk, other.pk, stay=False)
    _copy(other.task_set.get(name="meet"), "meet", "scheduled", tasks)
    joins = Task.objects.scheduled_machine().filter(name="meet")
    joins.update(eta=None)
    workflow = Split.start()
    engine.run(workflow.task_set.get(name="split").pk, workflow.pk, stay=False)
    task = workflow.task_set.get(name="part_0")
    yield
    engine.run(task.pk, workflow.pk, stay=False)
    yield
    assert Task.objects.filter(pk=task.pk, status="succeeded").exists()
    joins.exclude(_workflow_id=workflow.pk).delete()


def branch_beside_many(tasks):
    """Run a branch of an instance in which as many others are open, all before one join."""
    workflow = Split.start()
    engine.run(workflow.task_set.get(name="split").pk, workflow.pk, stay=False)
    task = workflow.task_set.get(name="part_0")
    _copy(task, "part_1", "scheduled", tasks)
    yield
    engine.run(task.pk, workflow.pk, stay=False)
    yield
    assert Task.objects.filter(pk=task.pk, status="succeeded").exists()


def drawing_of_many(tasks):
    """Describe the graph of an instance with as many tasks, without drawing it."""
    workflow = Chain.start()
    _copy(workflow.task_set.get(completed=None), "step_1", "succeeded", tasks)
    with connection.cursor() as cursor:
        cursor.execute(_LINKS, {"workflow": workflow.pk})
    yield
    workflow.get_instance_graph()


def mermaid_of_many(tasks):
    """Describe the same graph as text of Mermaid."""
    drawing = drawing_of_many(tasks)
    next(drawing)
    workflow = Chain.objects.latest("pk")
    yield
    workflow.get_instance_graph_mermaid()
