"""What the tests of the core share."""

import pytest

from joeflow.dispatch import breaker
from tests import runners
from tests.statements import statements

__all__ = ("statements",)


@pytest.fixture(autouse=True)
def handed_out(settings):
    """Return the list of what was handed out; nothing runs by itself."""
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
    runners.calls.clear()
    breaker.reset()
    yield runners.calls
    runners.calls.clear()
    breaker.reset()


@pytest.fixture
def behave(monkeypatch):
    """Return a function that sets what the node of a workflow does, for this test."""

    def set_behavior(workflow, function):
        name = "answer" if hasattr(workflow, "answer") else "behavior"
        monkeypatch.setattr(workflow, name, staticmethod(function))

    return set_behavior
