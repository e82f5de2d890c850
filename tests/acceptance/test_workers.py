"""Real workers, started as their documentation says, run joeflow's tasks."""

import signal

import pytest

from tests import services
from tests.acceptance.sites import LIMIT, site

REDIS, RABBITMQ = services.redis_url(), services.rabbitmq_url()


def combination(runner, database, broker=""):
    kind = {"redis": "redis", "amqp": "rabbitmq"}.get(broker.partition(":")[0])
    needed = [name for name in (database, kind) if name not in (None, "sqlite")]
    label = "-".join(filter(None, (runner, kind, database)))
    return pytest.param(
        runner,
        database,
        broker,
        id=label,
        marks=[pytest.mark.service(*needed)] if needed else [],
    )


EVERY = [
    combination("celery", "postgresql", REDIS),
    combination("celery", "postgresql", RABBITMQ),
    combination("celery", "mariadb", REDIS),
    combination("dramatiq", "postgresql", REDIS),
    combination("dramatiq", "postgresql", RABBITMQ),
    combination("django_tasks", "postgresql"),
    combination("django_tasks", "sqlite"),
]
ONE_EACH = [EVERY[0], EVERY[3], EVERY[5]]


@pytest.fixture
def project(request, tmp_path):
    runner, database, broker = request.param
    with site(runner, database, broker, tmp_path) as it:
        yield it


def with_projects(combinations):
    values = [
        pytest.param(parameter.values, id=parameter.id, marks=parameter.marks)
        for parameter in combinations
    ]
    return pytest.mark.parametrize("project", values, indirect=True)


@with_projects(EVERY)
def test_documented_workflows__complete(project):
    project.start_worker()

    assert project.drive("documented") == [
        ["checkout", "ship", "has_email", "send_tracking_code", "end"],
        ["start", "has_user", "send_welcome_email", "end"],
        ["start", "has_user", "end"],
        ["start", "choose", "chill"],
        ["start", "wait", "wait_for_weekend", "go_home"],
    ]
    assert project.drive("batman_and_robin", "30") == {
        "values": [2],
        "names": [["batman", "end", "join", "robin", "split", "start"]],
    }


@with_projects(ONE_EACH)
def test_worker_killed_in_the_middle__task_runs_again_once(project, tmp_path):
    note = tmp_path / "note.all"
    worker = project.start_worker()

    pk = project.drive("deadly", note, "1")
    worker.wait(LIMIT)
    assert worker.returncode == -signal.SIGKILL
    project.start_worker()

    outcome = project.drive("deadly_outcome", pk)
    assert outcome == {"status": "succeeded", "exception": "", "children": 1}
    assert note.read_text() == "started\nstarted\n"


@with_projects([EVERY[0], EVERY[4], EVERY[5]])
def test_task_that_kills_every_worker__fails_after_the_bound(project, tmp_path):
    note = tmp_path / "note"
    with project.supervised():
        pk = project.drive("deadly", note, "100")
        outcome = project.drive("deadly_outcome", pk)

    assert outcome["status"] == "failed"
    assert outcome["exception"].startswith("joeflow.exceptions.NeverCameBack: Task kill (")
    assert "was started 2 times and never came back." in outcome["exception"]
    # The first start does not count, unless the recovery was so fast that it sent a message, too.
    assert note.read_text() in (2 * "started\n", 3 * "started\n")


@with_projects(ONE_EACH)
def test_message_lost__recovery_finds_the_task(project):
    lost = project.drive("lost")
    assert lost["lost"] == 1

    project.start_worker()

    assert project.drive("exclusive_ended", lost["pk"]) == [["start", "choose", "work"]]


@with_projects(ONE_EACH)
def test_process_died_before_handing_out__recovery_finds_the_task(project):
    project.start_worker()

    pk = project.drive("unsent")

    assert project.drive("exclusive_ended", pk) == [["start", "choose", "work"]]


@with_projects(ONE_EACH[:2])
def test_message_of_an_older_version__is_understood(project):
    project.start_worker()

    # The recovery would have counted one attempt more.
    assert project.drive("old_message") == {"names": [["start", "choose", "work"]], "attempts": 5}
