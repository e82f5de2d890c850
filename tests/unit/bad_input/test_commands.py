"""Command lines with nonsense in them: a sentence and an exit code, never a traceback."""

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from tests.processes import manage

SWEEP = "joeflow.management.commands.dispatch_tasks.sweep"


def test_graph__a_file_in_the_way_and_an_unknown_name(tmp_path):
    file = tmp_path / "file"
    file.touch()

    result = manage("render_workflow_graph", "testapp.Chain", "no.Such", "-d", file / "below")

    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "There is no workflow 'no.Such'." in result.stderr
    assert "CommandError: " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["render_workflow_graph", "-f", "gif"], "invalid choice: 'gif'"),
        (["render_workflow_graph", "no.Such", ""], "Nothing was rendered: no such workflow."),
        (["render_workflow_graph", "testapp", "../..", "\0"], "Nothing was rendered"),
        (["dispatch_tasks", "--loop", "7"], "unrecognized arguments: 7"),
    ],
)
def test_nonsense__is_refused(arguments, message):
    with pytest.raises(CommandError) as caught:
        call_command(*arguments)

    assert message in str(caught.value)


def test_dispatch__database_that_does_not_answer__is_told(monkeypatch):
    def fail(**options):
        raise OperationalError("connection refused")

    monkeypatch.setattr(SWEEP, fail)

    with pytest.raises(CommandError, match="The sweep failed: connection refused"):
        call_command("dispatch_tasks")


@pytest.mark.parametrize("seconds", ["soon", -1, float("nan"), float("inf"), 1e300, None])
def test_dispatch__setting_that_is_no_number__is_told(settings, seconds):
    settings.JOEFLOW_SWEEP_SECONDS = seconds

    with pytest.raises(CommandError, match="it must be a number of seconds"):
        call_command("dispatch_tasks", "--loop")
