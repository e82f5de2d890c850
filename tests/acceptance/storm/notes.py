"""The file outside of the database in which each run of a node says that it begins and ends.

What is committed and what was tried can be counted apart; and whoever wants to kill a process in
the middle of a task finds it here.
"""

import os
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass

from tests.processes import lives

#: The environment variable that says where the file is.
VARIABLE = "STORM_NOTES"


def write(*fields):
    """Add a line; lines of many processes do not mix."""
    line = "\t".join([str(field) for field in (*fields, time.monotonic())]) + "\n"
    file = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)


def count_earlier_runs(task_pk):
    """Return how often this has been asked for a task, in all processes."""
    path = f"{os.environ[VARIABLE]}.{task_pk}"
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(file, b".")
        return os.fstat(file).st_size - 1
    finally:
        os.close(file)


@contextmanager
def run_of(workflow_pk, task_pk, name):
    """Note that a node begins, and that it ends; gives the token of this run."""
    token = uuid.uuid4().hex
    write("begin", token, os.getpid(), workflow_pk, task_pk, name)
    try:
        yield token
    finally:
        write("end", token)


@dataclass
class Run:
    """One run of a node.

    Args:
        token: Its name.
        pid: The process that it runs in.
        workflow: Key of the instance.
        task: Key of the task.
        name: Name of the node.
        began: When it began, by the machine's clock.
        ended: When it ended; None where it has not, or never did.
        killed: When it was killed, if that was noted.
    """

    token: str
    pid: int
    workflow: int
    task: int
    name: str
    began: float
    ended: float | None = None
    killed: float | None = None


class Reader:
    """Reads the notes while they are written."""

    def __init__(self, path):
        self.path = path
        self.runs = {}
        self._offset = 0
        self._dead = set()

    def read(self):
        """Read what has been added, and return all runs."""
        if not self.path.exists():
            return self.runs
        with self.path.open() as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[: text.rfind("\n") + 1]
        self._offset += len(whole.encode())
        for line in whole.splitlines():
            self._add(*line.split("\t"))
        return self.runs

    def _add(self, kind, token, *fields):
        if kind == "begin":
            pid, workflow, task, name, began = fields
            self.runs[token] = Run(token, int(pid), int(workflow), int(task), name, float(began))
        else:
            self.runs[token].ended = float(fields[-1])

    def running(self):
        """Return the runs that have not ended, oldest first, but those of dead processes."""
        open_runs = [run for run in self.read().values() if run.ended is None]
        self._dead |= {run.pid for run in open_runs if not lives(run.pid)}
        return [run for run in open_runs if run.pid not in self._dead]
