import logging

import pytest
from django.test import Client

from tests import runners
from tests.unit.bad_input.world import World


@pytest.fixture(autouse=True)
def runner(settings, tmp_path):
    """Give what is handed out to a runner that only remembers; keep files out of the way."""
    settings.JOEFLOW_TASK_RUNNER = "tests.runners.record"
    settings.MEDIA_ROOT = tmp_path
    runners.calls.clear()


@pytest.fixture
def world(db):
    return World()


@pytest.fixture
def anonymous():
    return Client(raise_request_exception=False)


@pytest.fixture
def quiet():
    """Log no refused request; there are thousands."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def boss(admin_user):
    """Return the client of somebody who may do everything; it answers 500 like a server."""
    client = Client(raise_request_exception=False)
    client.force_login(admin_user)
    return client
