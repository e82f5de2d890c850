"""A broker that is down, or accepts and never answers, hurts nobody for long."""

import socket

import pytest

from tests import services
from tests.acceptance.sites import site

# Generous, since nothing may be asserted on wall time: the clients alone would take minutes, or
# for ever. What it really takes is about two seconds.
PATIENCE = 15

RUNNERS = [
    pytest.param("celery", "redis", services.redis_url(), id="celery-redis"),
    pytest.param("celery", "amqp", services.rabbitmq_url(), id="celery-rabbitmq"),
    pytest.param("dramatiq", "redis", services.redis_url(), id="dramatiq-redis"),
    pytest.param("dramatiq", "amqp", services.rabbitmq_url(), id="dramatiq-rabbitmq"),
]


@pytest.fixture
def silent_port():
    """The port of somebody who accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port():
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.service("postgresql", "redis", "rabbitmq")
@pytest.mark.parametrize(
    ("runner", "scheme", "broker", "state"),
    [
        # Silence is the harder one; a closed port each client meets in the same way.
        *(pytest.param(*runner.values, "silent", id=f"{runner.id}-silent") for runner in RUNNERS),
        *(pytest.param(*r.values, "closed", id=f"{r.id}-closed") for r in RUNNERS[::3]),
    ],
)
def test_form_that_starts_ten_tasks__succeeds_and_they_run_later(
    runner, scheme, broker, state, request, tmp_path, record_property
):
    port = request.getfixturevalue(f"{state}_port")
    with site(runner, "postgresql", broker, tmp_path) as project:
        posted = project.drive("ten", JOEFLOW_SITE_BROKER=f"{scheme}://127.0.0.1:{port}")

        record_property("seconds", posted["seconds"])
        print(f"{runner} on a {state} {scheme} broker: {posted['seconds']:.2f} s")
        assert posted["status"] == 302
        assert posted["seconds"] < PATIENCE

        project.start_worker()

        [names] = project.drive("ten_ended")
        assert sorted(names) == [*(f"part_{number}" for number in range(10)), "start"]
