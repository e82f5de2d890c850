import pytest

from joeflow import testing
from tests import runners
from tests.testapp.models import GreetingWorkflow


@pytest.fixture(autouse=True)
def runner(settings):
    """Give what is handed out to a runner that only remembers."""
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
    runners.calls.clear()


@pytest.fixture
def greeting(client, db):
    """An instance that waits for a person at check_note."""
    client.post("/greeting/start/", {"note": "Hello"})
    return testing.run(GreetingWorkflow.objects.get(), until="check_note")


@pytest.fixture
def check_note(greeting):
    """The open task of a person."""
    return greeting.task_set.get(name="check_note")
