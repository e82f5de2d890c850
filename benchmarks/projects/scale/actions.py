"""What is timed: each prepares something, yields, and does it; it may yield once more and look."""

import random
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from ours.models import LENGTH, Chain, Form, Split

from joeflow import engine, recovery
from joeflow.clock import DatabaseNow
from joeflow.models import Task
from scale.fill import WAITING

ADMIN = "admin:joeflow_task_changelist"


def user():
    """Return somebody who may do everything."""
    users = get_user_model().objects
    return users.get_or_create(username="boss", is_superuser=True, is_staff=True)[0]


def browser():
    """Return the browser of somebody who may do everything."""
    client = Client()
    client.force_login(user())
    return client


def some_instance(model, step=1):
    """Return an instance, one of many at random."""
    last = model.objects.order_by("-pk").values_list("pk", flat=True)[0]
    while True:
        pk = random.randrange(step, last + 1, step)
        instance = model.objects.filter(pk=pk).first()
        if instance is not None:
            return instance


def add_task(workflow, name, **values):
    """Add a task to an instance."""
    values = {"workflow": workflow, "type": "machine", "attempts": 1, **values}
    return workflow.task_set.create(name=name, **values)


def leave_nothing_due():
    """Put off what other actions have left behind."""
    Task.objects.due().update(eta=DatabaseNow(timedelta(days=365)))


def start():
    """Start an instance."""
    yield
    Chain.start()


def transition():
    """Run a machine task of an old instance."""
    task = add_task(some_instance(Chain), "step_0", eta=DatabaseNow())
    yield
    engine.run(task.pk, task._workflow_id, stay=False)
    yield
    assert Task.objects.filter(pk=task.pk, status="succeeded").exists()


def last_branch():
    """Run the last branch before a join."""
    workflow = Split.start()
    for name in ("split", *[f"part_{number}" for number in range(LENGTH)][:-1]):
        task = workflow.task_set.get(name=name)
        engine.run(task.pk, workflow.pk, stay=False)
    task = workflow.task_set.get(completed=None, name=f"part_{LENGTH - 1}")
    yield
    engine.run(task.pk, workflow.pk, stay=False)
    yield
    assert workflow.task_set.filter(name="meet").exists()


def sweep_with_nothing_to_do():
    """Look for what got lost, where nothing was."""
    leave_nothing_due()
    yield
    assert recovery.sweep() == 0


def sweep_of_a_hundred():
    """Hand out a hundred tasks that got lost, of instances everywhere."""
    leave_nothing_due()
    for _ in range(100):
        add_task(some_instance(Chain), "step_0", eta=DatabaseNow(), attempts=0)
    yield
    assert (handed_out := recovery.sweep()) == 100, handed_out
    yield
    Task.objects.scheduled_machine().filter(name="step_0").delete()


def form_get():
    """Show a form."""
    task = some_instance(Form, WAITING).task_set.get(name="sign")
    client = browser()
    yield
    assert client.get(task.get_absolute_url()).status_code == 200


def form_post():
    """Send a form."""
    workflow = Form.start()
    task = workflow.task_set.get(name="sign")
    client = browser()
    yield
    assert client.post(task.get_absolute_url()).status_code == 302


def page(url, **query):
    """Show a page."""
    client = browser()
    yield
    assert client.get(url, query).status_code == 200


def instance_page():
    """Show an instance, with its graph."""
    return page(some_instance(Chain).get_absolute_url())


def list_of_tasks():
    """Show the list of all tasks."""
    return page(reverse(ADMIN))


def list_of_failed_tasks():
    """Show the list of those that have failed."""
    return page(reverse(ADMIN), status__exact="failed")


def list_of_workflows():
    """Show the list of all instances of a class."""
    return page(reverse("admin:ours_chain_changelist"))


def admin_of_an_instance():
    """Show an instance in the admin."""
    return page(reverse("admin:ours_chain_change", args=[some_instance(Chain).pk]))


ACTIONS = (
    start,
    transition,
    last_branch,
    sweep_with_nothing_to_do,
    sweep_of_a_hundred,
    form_get,
    form_post,
    instance_page,
    list_of_tasks,
    list_of_failed_tasks,
    list_of_workflows,
    admin_of_an_instance,
)
