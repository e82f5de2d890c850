"""manage.py dispatch_tasks: the sweep, once or until it is stopped."""

import os
import signal
from io import StringIO
from unittest import mock

import pytest
from django.core.management import call_command

from joeflow.models import Task
from tests.testapp.models import Chain

COMMAND = "joeflow.management.commands.dispatch_tasks"


@pytest.fixture
def signals():
    """Put the handlers of signals back after the test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run(*args):
    out, err = StringIO(), StringIO()
    call_command("dispatch_tasks", *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db
def test_once(handed_out):
    Chain.start()
    Task.objects.filter(name="first").update(attempts=0)
    handed_out.clear()

    assert run() == ("Handed out 1 tasks.\n", "")

    assert len(handed_out) == 1
    assert run() == ("Handed out 0 tasks.\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_again_and_again_until_it_is_stopped(signals, settings, number):
    settings.JOEFLOW_SWEEP_SECONDS = 0
    counts = iter([3, 0, OSError("no database"), 1])

    def sweep():
        count = next(counts)
        if isinstance(count, Exception):
            raise count
        if count == 1:
            os.kill(os.getpid(), number)
        return count

    with (
        mock.patch(f"{COMMAND}.sweep", sweep),
        mock.patch(f"{COMMAND}.close_old_connections") as close,
    ):
        out, err = run("--loop")

    assert out == "Handed out 3 tasks.\nHanded out 1 tasks.\n"
    assert err == "The sweep failed and will be tried again: no database\n"
    assert close.call_count == 4
