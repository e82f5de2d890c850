"""What all tests share."""

import pytest

from joeflow import dispatch

pytest_plugins = ["tests.rules"]


@pytest.fixture(autouse=True)
def _broker_forgiven():
    """Let no test suffer from a broker that was down in the one before it."""
    dispatch.breaker.reset()
    yield
    dispatch.breaker.reset()
