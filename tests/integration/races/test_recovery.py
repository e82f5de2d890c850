"""Recovery in many processes at once."""

import os
import subprocess
import sys
from contextlib import ExitStack

from django.db import connection

from joeflow import recovery
from joeflow.models import Task
from tests.integration.conftest import LIMIT
from tests.testapp.models import Chain

PROCESSES = 10
TASKS = 30


def test_ten_processes_hand_out_each_task_once(judge, transactional_db, tmp_path):
    for _ in range(TASKS):
        Chain.start()
    Task.objects.filter(name="first").update(attempts=0)
    notes = tmp_path / "notes"
    notes.touch()

    sweep_in_processes(notes, *(["bare"] if judge.is_bare else []))
    recovery.sweep()  # what one skipped as another looked at the instance goes with the next

    keys = notes.read_text().split()
    violations = (
        [] if len(keys) == len(set(keys)) else [f"{len(keys)} hand-outs of {len(set(keys))} tasks"]
    )
    attempts = set(Task.objects.filter(name="first").values_list("attempts", flat=True))
    if attempts != {1}:
        violations.append(f"the attempts are {attempts}")
    judge(violations)


def sweep_in_processes(notes, *words):
    database = connection.settings_dict["NAME"]
    command = [sys.executable, "-m", "tests.integration.races.sweeper", database, notes, *words]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        sweepers = [
            stack.enter_context(subprocess.Popen(command, env=environment, **pipes))
            for _ in range(PROCESSES)
        ]
        for sweeper in sweepers:
            assert sweeper.stdout.readline() == "ready\n"
        for sweeper in sweepers:
            sweeper.stdin.write("go\n")
            sweeper.stdin.flush()
        for sweeper in sweepers:
            assert sweeper.wait(LIMIT) == 0
