"""What the tests of the core share."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from joeflow.dispatch import breaker
from tests import runners


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


class Statements(CaptureQueriesContext):
    """The statements of a block, in a readable form."""

    @property
    def texts(self):
        return [query["sql"].replace('"', "").replace("`", "") for query in self.captured_queries]

    @property
    def data(self):
        """Statements without transaction control."""
        control = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET SESSION")
        return [text for text in self.texts if not text.upper().startswith(control)]

    @property
    def control(self):
        return [text for text in self.texts if text not in self.data]


@pytest.fixture
def statements():
    """Return a context that captures the statements of its block."""
    return Statements(connection)
