"""What somebody does with the project: run as a process of its own, answers with one line of JSON.

Usage: python -m depot.drive NAME [ARGUMENT]...
"""

import json
import sys
import time
from pathlib import Path

import django

from depot import app

django.setup()
app.set_current()

import reversion  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.test import Client  # noqa: E402
from reversion.models import Version  # noqa: E402

from depot.models import Cheese, Letter, Parcel, Risk, Truck  # noqa: E402
from joeflow.models import Task  # noqa: E402

LIMIT = 60  # seconds; far more than anything here takes
CLASSES = (Cheese, Letter, Parcel, Risk, Truck)


def wait_for(condition):
    """Return what the condition returns, as soon as that is true."""
    until = time.monotonic() + LIMIT
    while not (result := condition()):
        if time.monotonic() > until:
            rows = Task.objects.values_list("name", "status", "exception")
            raise SystemExit(f"It did not happen within {LIMIT} s; the tasks: {list(rows)}")
        time.sleep(0.05)
    return result


def open_names(*classes):
    """Return the names of the open tasks of all instances, by class and key."""
    return {
        f"{model.__name__} {workflow.pk}": sorted(
            workflow.task_set.filter(completed=None).values_list("name", flat=True)
        )
        for model in classes or CLASSES
        for workflow in model.objects.order_by("pk")
    }


def person(name, **permissions):
    """Return somebody, who may do what is said."""
    return get_user_model().objects.get_or_create(username=name, defaults=permissions)[0]


def send(user, url, data):
    """Send a form as somebody who is logged in."""
    browser = Client()
    browser.force_login(user)
    response = browser.post(url, data)
    assert response.status_code == 302, response.content


def do(task, **data):
    """Send the form of an open task."""
    send(person("winnie"), task.get_absolute_url(), data)


def override(workflow, *names):
    """Send a process elsewhere, and leave its state alone."""
    workflow.refresh_from_db()
    fields = [field.name for field in workflow._meta.fields if field.editable]
    data = {name: getattr(workflow, name) for name in fields} | {"next_tasks": names}
    send(person("rabbit", is_superuser=True), workflow.get_override_url(), data)


def form(workflow, name):
    """Return the open task of a person, as soon as it is there."""
    return wait_for(lambda: workflow.task_set.filter(name=name, completed=None).first())


def succeeded(workflow, name):
    """Return a task as soon as it has succeeded."""
    return wait_for(lambda: workflow.task_set.filter(name=name, status="succeeded").first())


def sent_to(name):
    """Return a truck that somebody has sent elsewhere, after it was loaded."""
    truck = Truck.start()
    succeeded(truck, "load")
    override(truck, name)
    return truck


def half_way():
    """Bring instances half-way, one to its end, and return the names of what is open."""
    Parcel.start()
    done, truck, late_truck = Parcel.start(), Truck.start(), Truck.start()
    Cheese.start()
    Risk.start()
    do(form(done, "inspect"), address="Wood 1")
    # joeflow 2.x writes a form over what a machine does meanwhile: its log would be lost.
    succeeded(truck, "load")
    do(form(truck, "sign"), driver="Owl")
    wait_for(lambda: Risk.objects.get().task_set.filter(status="failed").first())
    succeeded(done, "send")
    succeeded(late_truck, "load")
    sent_to("sign")
    succeeded(sent_to("drive"), "drive")
    form(Parcel.start(), "inspect").assignees.add(person("piglet"), person("winnie"))
    with reversion.create_revision():
        reversion.set_comment("by hand")
        Risk.objects.get().save()
    return open_names()


def unsent():
    """Start what nobody works on: its message waits in the broker."""
    return Letter.start().pk


def keep_starting(stop, count):
    """Start instances until a file is there, and then so many more; return how many that were."""
    started = 0
    while not Path(stop).exists():
        started += bool(Letter.start())
        time.sleep(0.02)
    for _ in range(int(count)):
        started += bool(Letter.start())
    pks = list(Letter.objects.values_list("pk", flat=True))
    wait_for(lambda: not Task.objects.filter(_workflow_id__in=pks, completed=None).exists())
    return started


def letters():
    """Return the logs of all letters."""
    return list(Letter.objects.values_list("log", flat=True))


def standing():
    """Return what is known of all open tasks, by key."""
    return {
        task.pk: [
            task.name,
            task.status,
            task.exception,
            task.stacktrace,
            sorted(task.assignees.values_list("username", flat=True)),
            sorted(task.parent_task_set.values_list("pk", flat=True)),
        ]
        for task in Task.objects.filter(completed=None)
    }


def history():
    """Return what is known of all closed tasks, and all versions, by key."""
    tasks = Task.objects.exclude(completed=None).order_by("pk")
    versions = Version.objects.select_related("revision").order_by("pk")
    return {
        "tasks": {
            task.pk: [
                task.name,
                task.type,
                task.status,
                task.completed.isoformat(),
                str(task.completed_by_user),
                sorted(task.parent_task_set.values_list("pk", flat=True)),
            ]
            for task in tasks
        },
        "versions": {
            version.pk: [version.object_id, version.revision.comment, version.serialized_data]
            for version in versions
        },
    }


def go_back():
    """Change the address of the parcel that was done, go back, and return both."""
    [parcel] = Parcel.objects.filter(address="Wood 1")
    Parcel.objects.filter(pk=parcel.pk).update(address="Elsewhere")
    version = Version.objects.get_for_object(parcel).order_by("pk").last()
    version.revert()
    return [Parcel.objects.get(pk=parcel.pk).address, parcel.task_set.count()]


def pages():
    """Return for each instance that has a page which of its tasks the page does not name."""
    browser = Client()
    browser.force_login(person("rabbit", is_superuser=True))
    missing = []
    for workflow in [*Parcel.objects.all(), *Truck.objects.all()]:
        response = browser.get(workflow.get_absolute_url())
        assert response.status_code == 200, response.content
        names = workflow.task_set.values_list("name", flat=True)
        missing += [name for name in names if name not in response.content.decode()]
    return missing


def go_on():
    """Do what people do, and return the logs of all instances that have ended."""
    override(Parcel.objects.filter(task_set__assignees=person("piglet")).get(), "send")
    for parcel in Parcel.objects.filter(task_set__name="inspect", task_set__completed=None):
        do(form(parcel, "inspect"), address="Wood 2")
    for truck in Truck.objects.filter(task_set__name="sign", task_set__completed=None):
        do(form(truck, "sign"), driver="Kanga")
    Risk.objects.update(broken=False)
    Risk.objects.get().task_set.get(status="failed").enqueue()
    cheese = Cheese.objects.get()
    form(cheese, "is_ripe")
    Cheese.objects.update(ripe=True)
    cheese.wake()
    wait_for(lambda: not Task.objects.filter(completed=None).exists())
    return {
        f"{model.__name__} {workflow.pk}": sorted(workflow.log.split())
        for model in CLASSES
        for workflow in model.objects.order_by("pk")
    }


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    print("RESULT " + json.dumps(globals()[name](*arguments)), flush=True)
