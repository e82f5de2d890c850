import pytest

from tests.testapp.models import Failing, Gateway


@pytest.fixture(autouse=True)
def _behave():
    """Forget what a test made the nodes do."""
    yield
    Failing.behavior = Gateway.answer = None


@pytest.fixture
def fail():
    """Let the failing workflow fail."""

    def boom(self):
        raise ValueError("boom")

    Failing.behavior = boom
