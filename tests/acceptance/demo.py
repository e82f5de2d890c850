"""Run the demo as a person would, from a copy of what is tracked."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tests.services import ROOT

#: Seconds that the demo may take to start or to end, the making of its environment included.
LIMIT = 240

#: What of our own environment says something to make, Python, Django or the demo.
OURS = (
    "BROKER_URL", "COV", "DATABASE_URL", "DEMO_", "DJANGO_", "JOEFLOW_", "MAKE", "MFLAGS", "PYTEST",
    "PYTHON", "VIRTUAL_ENV",
)  # fmt: skip


LET_PASS = """
from datetime import timedelta
from django.apps import apps
from joeflow.testing import let_pass
let_pass(apps.get_model("{model}").objects.get(pk={pk}), timedelta(**{time}))
"""


def copy_tracked(folder, *paths):
    """Copy the tracked files under these paths of the repository."""
    tracked = subprocess.run(
        ["git", "ls-files", *paths], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.splitlines():
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


class Demo:
    """The demo while it runs.

    Args:
        command: What starts it.
        folder: Where that is run.
        log: The file that takes what it prints.
        environment: Variables besides those that any shell has.
    """

    def __init__(self, command, folder, log, **environment):
        self.folder = folder
        self.log = log
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(OURS)
        }
        self.environment |= {"PYTHONUNBUFFERED": "1", "DEMO_REMIND_AFTER": "4", **environment}
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # As in a terminal of its own, where Ctrl-C reaches make and what it runs.
                start_new_session=True,
            )

    @property
    def output(self):
        return self.log.read_text()

    @property
    def address(self):
        found = re.search(r"The demo runs\. Open (http://\S+)/ ", self.output)
        return found and found[1]

    def wait_until(self, condition):
        """Wait for something to happen; what the demo printed is shown if it does not."""
        until = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < until, self.output
            time.sleep(0.1)

    def wait_until_it_runs(self):
        self.wait_until(lambda: self.address or self.process.poll() is not None)
        assert self.address, self.output
        return self

    def wait_for_end(self):
        self.wait_until(lambda: self.process.poll() is not None)
        return self.process.returncode

    def send(self, number):
        """Send a signal as a terminal does: to all processes of its foreground."""
        os.killpg(self.process.pid, number)

    def walk(self, python, command="walkthrough"):
        """Walk through the demo, and return the result."""
        return self.manage(python, command, self.address)

    def let_pass(self, model, pk, **time):
        """Let time pass for an instance: ``let_pass("shipping.ShippingWorkflow", 1, days=3)``."""
        code = LET_PASS.format(model=model, pk=pk, time=time)
        done = self.manage(sys.executable, "shell", "--command", code)
        assert done.returncode == 0, done.stdout + done.stderr

    def manage(self, python, *arguments):
        """Run a management command beside the running demo, and return the result."""
        return subprocess.run(
            [python, "manage.py", *arguments],
            cwd=self.folder if (self.folder / "manage.py").exists() else self.folder / "examples",
            env={**self.environment, "DEMO_URL": self.address},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )


@contextmanager
def running(command, folder, log, **environment):
    """Run the demo, and leave nothing of it."""
    demo = Demo(command, folder, log, **environment)
    try:
        yield demo.wait_until_it_runs()
    finally:
        if demo.process.poll() is None:
            demo.send(signal.SIGTERM)
        demo.wait_for_end()


@contextmanager
def running_with_samples(folder):
    """Run the demo on a database of its own with the sample data, and leave nothing of it."""
    project = copy_tracked(folder, "examples") / "examples"
    for command in ("migrate", "sample_data"):
        made = Demo([sys.executable, "manage.py", command], project, project / "made.log")
        assert made.wait_for_end() == 0, made.output
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with running(START, project, project / "demo.log", DEMO_PORT=port) as demo:
        yield demo


def family(pid):
    """Return the keys of a process and all its descendants."""
    children = read_process(f"{pid}/task/{pid}/children").split()
    return [pid, *(key for child in children for key in family(int(child)))]


def command_of(pid):
    """Return the command line of a process; empty where it is gone, or has ended."""
    return read_process(f"{pid}/cmdline").replace("\0", " ")


def read_process(name):
    try:
        return (Path("/proc") / name).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


START = [sys.executable, "demo.py"]
