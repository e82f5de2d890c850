"""Start processes, wait for them, and end them with everything that they started."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.services import ROOT


class NeverHappened(Exception):
    """A server does not start, or what a test waits for does not come true."""


def wait_for(condition, seconds, what, pause=0.02):
    """Return what the condition returns as soon as that is true.

    Raises:
        NeverHappened: It did not come true in time.
    """
    until = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > until:
            raise NeverHappened(f"After {seconds} s this is still not so: {what}.")
        time.sleep(pause)
    return result


def end_as_by_keyboard():
    """Clean up also where the program is told to end, or its terminal is closed."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def free_port():
    """Return a port that nobody listens on, nor will be given for a connection.

    The system gives the higher ones to whoever connects to something: a server that is started
    again on one of these can find it taken.
    """
    while True:
        port = random.randrange(12_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def listens(port):
    """Tell whether somebody accepts connections."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def spawn(command, log, *, environment=None, user=None, folder=None):
    """Start a process in a group of its own, which writes to a log."""
    with Path(log).open("a") as file:
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=folder or Path(log).parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )


def kill_group(process, number=signal.SIGKILL):
    """End a process and all that it started, and wait for it."""
    if process is None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    process.wait(60)


def children(pid):
    """Return the processes that a process has started."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(part) for part in text.split()]


def lives(pid):
    """Tell whether a process is there and has not ended."""
    return _state(pid) not in {"", "Z", "X"}


def is_stopped(pid):
    """Tell whether a process stands still."""
    return _state(pid) == "T"


def _state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def manage(*arguments):
    """Run a command as somebody at a terminal does, on a database in which there is nothing."""
    return subprocess.run(
        [sys.executable, "-m", "django", *map(str, arguments)],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
