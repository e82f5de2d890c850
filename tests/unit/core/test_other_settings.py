"""Projects with other settings: each in a process of its own."""

import os
import subprocess
import sys

import pytest

from tests.services import ROOT

SETUP = """
import django
django.setup()
from datetime import timedelta
from django.conf import settings
from django.core.management import call_command
from django.contrib.contenttypes.models import ContentType
from django.db import connections, transaction
from django.utils import timezone
call_command("migrate", database="workflows", verbosity=0)
call_command("migrate", database="default", verbosity=0)
from joeflow import engine, recovery, testing
from joeflow.clock import DatabaseNow
from joeflow.models import Task
from tests import runners
from tests.testapp.models import Branches, Chain, Failing, SplitJoin, Waiting
"""


@pytest.fixture
def run_script(tmp_path):
    """Return a function that runs a script in a process of its own."""

    def run(script, **environment):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", SETUP + script],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.settings_other_database",
                "JOEFLOW_TEST_FOLDER": str(tmp_path),
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


OTHER_DATABASE = """
# The content types of the default database are of no use here: their keys mean something else.
ContentType.objects.using("default").update(app_label="elsewhere")
ContentType.objects.clear_cache()

workflow = SplitJoin.start()
assert workflow._state.db == "workflows"
call = runners.calls[-1]
assert engine.run(call.task_pk, call.workflow_pk) is None
workflow = SplitJoin.objects.get()
assert workflow._state.db == "replica"
assert (workflow.value, workflow._ended is not None) == (2, True)

# All verbs write to the one database, whatever the rows were read from.
task = Branches.start().task_set.get(name="a")
workflow = Branches.objects.get()
assert task._state.db == workflow._state.db == "replica"
assert type(task.workflow) is Branches and task.node is Branches.get_node("a")
task.fail()
task.enqueue()
desk = workflow.task_set.get(name="desk")
desk.finish()
desk.start_next_tasks()
assert workflow.wake() == 2
workflow.task_set.get(name="b").cancel()
engine.override(workflow, [workflow.a])
assert workflow.task_set.cancel() == 1
assert Task.objects.all().cancel() == 0
assert workflow.task_set.filter(name="join").count() == 1

# People are read where they are written, too.
from django.contrib.auth.models import User
from django.test.utils import CaptureQueriesContext
a, b = [User.objects.using("workflows").create(username=name) for name in "ab"]
desk = Branches.start().task_set.get(name="desk")
with CaptureQueriesContext(connections["replica"]) as read:
    desk.assign([a, b])
    with transaction.atomic("workflows"):
        desk.claim(a)
        desk.release(a)
assert read.captured_queries == [], read.captured_queries
assert list(Task.objects.using("workflows").inbox(a)) == [desk]
assert list(Task.objects.using("workflows").inbox(b)) == [desk]
desk.workflow.cancel()

workflow = testing.run(Waiting.start())
assert workflow.asked == 1
Task.objects.using("workflows").scheduled().update(eta=None, attempts=0)
assert recovery.sweep() == 1
workflow.cancel()

def boom(workflow):
    raise ValueError("boom")

Failing.behavior = staticmethod(boom)
Failing.start()
call = runners.calls[-1]
try:
    engine.run(call.task_pk, call.workflow_pk)
except ValueError:
    pass
assert Task.objects.failed().get().exception == "ValueError: boom"
Failing.objects.get().delete()
assert not Failing.objects.exists()
print("all done")
"""

NAIVE = """
assert settings.USE_TZ is False
now = timezone.now()
assert timezone.is_naive(now)
workflow = Chain.start()
task = workflow.task_set.get(name="first")
assert abs(task.eta - now) < timedelta(seconds=30), (task.eta, now)
read = Task.objects.annotate(now=DatabaseNow()).first().now
assert abs(read - now) < timedelta(seconds=30), (read, now)
assert Task.objects.using("workflows").due().get() == task

testing.run(workflow)
workflow = Chain.objects.get()
assert workflow.text == "123" and abs(workflow._ended - now) < timedelta(seconds=60)

workflow = testing.run(Waiting.start(), until="is_ready")
wait = Task.objects.get(name="wait")
assert abs(wait.completed - wait.created - timedelta(hours=3)) < timedelta(seconds=60)
task = workflow.task_set.get(name="is_ready")
task.enqueue(eta=timezone.now() + timedelta(hours=1))
assert recovery.sweep() == 0
task.enqueue(countdown=0)
assert task.eta <= timezone.now() + timedelta(seconds=5)
print("all done")
"""


def test_workflows_may_be_in_a_database_of_their_own_and_be_read_from_a_replica(run_script):
    assert run_script(OTHER_DATABASE) == "all done\n"


def test_a_project_without_time_zones_in_another_zone_than_utc(run_script):
    assert run_script(NAIVE, JOEFLOW_TEST_USE_TZ="0") == "all done\n"


def test_a_project_with_time_zones_in_another_zone_than_utc(run_script):
    script = NAIVE.replace("settings.USE_TZ is False", "settings.USE_TZ")
    script = script.replace("assert timezone.is_naive(now)\n", "")

    assert run_script(script) == "all done\n"
