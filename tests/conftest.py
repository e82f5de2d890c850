"""What all tests share."""

import pytest

from joeflow import dispatch
from joeflow.mails import post

pytest_plugins = ["tests.rules"]


@pytest.fixture(autouse=True)
def _broker_forgiven():
    """Let no test suffer from a broker or a mail server that was down in the one before it."""
    for breaker in (dispatch.breaker, post.breaker):
        breaker.reset()
    yield
    for breaker in (dispatch.breaker, post.breaker):
        breaker.reset()
