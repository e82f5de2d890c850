"""People who step in, and a runner that only remembers."""

import pytest

from tests import runners
from tests.statements import statements
from tests.unit.people.conftest import manager, person

__all__ = ("manager", "person", "statements")


@pytest.fixture(autouse=True)
def handed_out(settings):
    """Return the list of what was handed out; nothing runs by itself."""
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
    runners.calls.clear()
    yield runners.calls
    runners.calls.clear()


@pytest.fixture
def winnie(person):
    """Somebody who may step in."""
    return person("winnie", "joeflow.override")
