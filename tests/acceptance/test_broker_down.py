"""A broker that is down, or accepts and never answers, hurts nobody for long."""

import socket

import pytest

from tests import services
from tests.acceptance.sites import Cable, site

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
def cable(request):
    """The way to the broker."""
    cable = Cable(request.param)
    cable.mend()
    yield cable
    cable.cut()


def post_form_that_starts_ten(project, record_property, **changes):
    posted = project.drive("ten", **changes)

    record_property("seconds", posted["seconds"])
    print(f"{project.runner}: the form was answered after {posted['seconds']:.2f} s")
    assert posted["status"] == 302


def assert_that_they_ran(project):
    [names] = project.drive("ten_ended")

    assert sorted(names) == [*(f"part_{number}" for number in range(10)), "start"]


@pytest.mark.service("postgresql", "redis", "rabbitmq")
@pytest.mark.parametrize(("runner", "scheme", "broker"), RUNNERS)
def test_silent_broker__form_that_starts_ten_tasks_succeeds_and_they_run_later(
    runner, scheme, broker, silent_port, tmp_path, record_property
):
    silent = f"{scheme}://127.0.0.1:{silent_port}"
    with site(runner, "postgresql", broker, tmp_path) as project:
        post_form_that_starts_ten(project, record_property, JOEFLOW_SITE_BROKER=silent)

        project.start_worker()

        assert_that_they_ran(project)


@pytest.mark.service("postgresql", "redis", "rabbitmq")
@pytest.mark.parametrize(
    ("runner", "cable"),
    [pytest.param(r.values[0], r.values[2], id=r.id) for r in RUNNERS],
    indirect=["cable"],
)
def test_broker_down_for_a_while__its_worker_runs_the_ten_tasks_when_it_is_back(
    runner, cable, tmp_path, record_property
):
    with site(runner, "postgresql", cable.url, tmp_path) as project:
        project.start_worker()
        project.drive("exclusive_ended", project.drive("unsent"))
        cable.cut()
        try:
            post_form_that_starts_ten(project, record_property)
        finally:
            cable.mend()

        assert_that_they_ran(project)
