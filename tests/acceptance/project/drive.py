"""What somebody does with the project: run as a process of its own, answers with one line of JSON.

Usage: python -m tests.acceptance.project.drive NAME [ARGUMENT]...
"""

import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.acceptance.project.settings")
if "celery" in os.environ["JOEFLOW_SITE_RUNNER"]:
    from tests.acceptance.project.celery import app

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.test import Client  # noqa: E402

from joeflow.models import Task, Workflow  # noqa: E402
from tests.testapp.models import (  # noqa: E402
    Deadly,
    Exclusive,
    Patient,
    Shipping,
    SplitJoin,
    Ten,
    Welcome,
)

LIMIT = 60  # seconds; far more than anything here takes
QUEUE = os.environ["JOEFLOW_SITE"]
RUNNER = os.environ["JOEFLOW_SITE_RUNNER"].split(".")[2]


def wait_for(condition):
    """Return what the condition returns, as soon as that is true."""
    until = time.monotonic() + LIMIT
    while not (result := condition()):
        if time.monotonic() > until:
            rows = Task.objects.values_list("name", "status", "eta", "attempts", "exception")
            raise SystemExit(f"It did not happen within {LIMIT} s; the tasks: {list(rows)}")
        time.sleep(0.05)
    return result


def ended(*workflows):
    """Wait until these have ended, and return the names of their tasks in order."""
    pks = [workflow.pk for workflow in workflows]
    wait_for(lambda: not Workflow.objects.filter(pk__in=pks, _ended=None).exists())
    return [list(w.task_set.order_by("pk").values_list("name", flat=True)) for w in workflows]


def documented():
    """Bring each of the documented workflows to its end."""
    user = get_user_model().objects.create(username="peter", first_name="Peter", email="p@b.com")
    client = Client()
    patient = Patient.start()
    shipping = _ship(client)
    client.post("/welcome/start/", {"user": user.pk})
    client.post("/welcome/start/", {})
    greeted, ungreeted = Welcome.objects.order_by("pk")
    exclusive = Exclusive.start(is_workday=False)
    wait_for(lambda: patient.task_set.filter(name="wait_for_weekend").exists())
    Patient.objects.update(is_weekend=True)
    patient.wake()
    return ended(shipping, greeted, ungreeted, exclusive, patient)


def _ship(client):
    client.post("/shipping/checkout/", {"shipping_address": "Wood 1", "email": "winnie@b.com"})
    shipping = Shipping.objects.get()
    ship = wait_for(lambda: shipping.task_set.filter(name="ship").first())
    client.post(ship.get_absolute_url(), {"tracking_code": "A17"})
    return shipping


def batman_and_robin(count):
    """Split and join many at once."""
    started = [SplitJoin.start() for _ in range(int(count))]
    names = ended(*started)
    values = SplitJoin.objects.values_list("value", flat=True)
    return {"values": sorted(set(values)), "names": sorted({tuple(sorted(n)) for n in names})}


def deadly(path, kills):
    """Start what kills its worker."""
    return Deadly.start(path=path, kills=int(kills)).pk


def deadly_outcome(pk):
    """Wait until it has ended or failed, and return the task that killed."""
    workflow = Deadly.objects.get(pk=pk)
    task = workflow.task_set.get(name="kill")
    wait_for(lambda: not Task.objects.filter(pk=task.pk, status="scheduled").exists())
    task.refresh_from_db()
    if task.status == "succeeded":
        ended(workflow)
    return {
        "status": task.status,
        "exception": task.exception,
        "children": task.child_task_set.count(),
    }


def ten():
    """Post the form that starts ten tasks; return the status and the seconds it took."""
    client = Client()
    client.get("/ten/start/")
    began = time.monotonic()
    response = client.post("/ten/start/", {})
    seconds = time.monotonic() - began
    return {"status": response.status_code, "seconds": seconds}


def ten_ended():
    """Wait until the ten have run."""
    return ended(Ten.objects.get())


def unsent():
    """Commit tasks and die before they are handed out."""
    from django.db import connection, transaction

    with transaction.atomic():
        workflow = Exclusive.start()
        connection.run_on_commit = []
    return workflow.pk


def old_message():
    """Send the message of joeflow 2.x, and wait for what it does."""
    pk = unsent()
    # So that no recovery comes first: a task that was lost that often has to wait for a while.
    Task.objects.filter(_workflow_id=pk, completed=None).update(attempts=5)
    task = Task.objects.get(_workflow_id=pk, completed=None)
    SEND_OLD[RUNNER](task.pk, pk)
    names = ended(Exclusive.objects.get(pk=pk))
    return {"names": names, "attempts": Task.objects.get(pk=task.pk).attempts}


def _send_old_to_celery(*args):
    name = "joeflow.runner.celery._celery_task_runner"
    app.send_task(name, args=args, queue=QUEUE)


def _send_old_to_dramatiq(*args):
    import dramatiq

    message = dramatiq.Message(QUEUE, "_dramatiq_task_runner", args, {}, {"retries": 0})
    dramatiq.get_broker().enqueue(message)


SEND_OLD = {"celery": _send_old_to_celery, "dramatiq": _send_old_to_dramatiq}


def lost():
    """Start a workflow, and lose its message on the way."""
    workflow = Exclusive.start()
    return {"pk": workflow.pk, "lost": PURGE[RUNNER]()}


def _purge_celery():
    with app.connection_for_write() as connection:
        return connection.default_channel.queue_purge(QUEUE)


def _purge_dramatiq():
    import dramatiq

    broker = dramatiq.get_broker()
    size = broker.do_qsize(QUEUE)
    broker.flush(QUEUE)
    return size


def _purge_django_tasks():
    from django_tasks_db.models import DBTaskResult

    return DBTaskResult.objects.filter(task_path__endswith="._run_task").delete()[0]


PURGE = {
    "celery": _purge_celery,
    "dramatiq": _purge_dramatiq,
    "django_tasks": _purge_django_tasks,
}


def exclusive_ended(pk):
    """Wait until this has ended."""
    return ended(Exclusive.objects.get(pk=pk))


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    print("RESULT " + json.dumps(globals()[name](*arguments)), flush=True)
