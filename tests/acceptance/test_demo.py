"""The demo on each runner, with a real server and a real worker, and how it starts and ends."""

import os
import shutil
import signal
import socket
import sys
import uuid
from pathlib import Path

import pytest

from tests import services
from tests.acceptance.demo import START, Demo, command_of, copy_tracked, family, running

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A copy of the demo project whose database was used before."""
    project = copy_tracked(tmp_path_factory.mktemp("used"), "examples") / "examples"
    for command in ("migrate", "sample_data"):
        made = Demo([sys.executable, "manage.py", command], project, project / "made.log")
        assert made.wait_for_end() == 0, made.output
    return project


@pytest.fixture
def project(used, tmp_path):
    """A copy of it for one test."""
    return shutil.copytree(used, tmp_path / "project")


@pytest.fixture
def port():
    """A port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.fixture
def start(project, tmp_path, port):
    """Return a function that starts the demo in this environment; all of them end at last."""
    demos = []

    def start(**environment):
        log = tmp_path / f"demo-{len(demos)}.log"
        demos.append(Demo(START, project, log, **{"DEMO_PORT": port, **environment}))
        return demos[-1]

    yield start
    for demo in demos:
        if demo.process.poll() is None:
            demo.send(signal.SIGTERM)
        demo.wait_for_end()


def fresh_machine(folder):
    """Make a folder of programs as of a machine that has Python and make, and no dot."""
    folder.mkdir()
    python = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    (folder / "python3").symlink_to(python)
    for program in ("make", "sh", "touch"):
        (folder / program).symlink_to(shutil.which(program))
    return str(folder)


def test_make_demo__from_a_fresh_clone_without_dot(tmp_path, port):
    clone = copy_tracked(tmp_path / "clone", ".")
    environment = {"PATH": fresh_machine(tmp_path / "bin"), "DEMO_PORT": port}
    make = ["make", "demo"]

    with running(make, clone, tmp_path / "first", **environment) as first:
        walk = first.walk(clone / ".venv-demo" / "bin" / "python")
    with running(make, clone, tmp_path / "second", **environment) as second:
        pass

    assert "Created sample people, and workflows that wait for them.\n" in first.output
    assert "Log in with the password 'demo' as:\n  admin " in first.output
    assert walk.returncode == 0, walk.stdout + walk.stderr + first.output
    assert walk.stdout.splitlines()[-1].endswith(" steps went as expected.")
    assert "The sample data is there already.\n" in second.output
    assert first.address == second.address == f"http://127.0.0.1:{port}"


@pytest.fixture
def postgresql_url():
    """A database on PostgreSQL, gone at the end."""
    psycopg = pytest.importorskip("psycopg")
    server = services.database("postgresql")
    name = f"test_joeflow_demo_{uuid.uuid4().hex[:10]}"
    address = (
        f"postgresql://{server['USER']}:{server['PASSWORD']}@{server['HOST']}:{server['PORT']}"
    )
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{address}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def redis_url():
    """A database on Redis that the other tests do not use."""
    redis = pytest.importorskip("redis")
    url = services.redis_url().rpartition("/")[0] + "/13"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.mark.service("postgresql", "redis")
@pytest.mark.parametrize("runner", ["celery", "dramatiq"])
def test_walkthrough(start, runner, postgresql_url, redis_url):
    demo = start(DEMO_RUNNER=runner, DATABASE_URL=postgresql_url, BROKER_URL=redis_url)
    demo.wait_until_it_runs()

    walk = demo.walk(sys.executable)

    assert walk.returncode == 0, walk.stdout + walk.stderr + demo.output
    assert walk.stdout.splitlines()[-1].endswith(" steps went as expected.")


def test_walkthrough__one_wrong_expectation_is_enough(start, project):
    path = project / "office/management/commands/walkthrough.py"
    assert path.read_text().count("answer.status == 422") == 1
    path.write_text(path.read_text().replace("answer.status == 422", "answer.status == 200"))
    demo = start().wait_until_it_runs()

    walk = demo.walk(sys.executable)

    assert walk.returncode == 1
    assert walk.stderr == "CommandError: Not as expected: what is missing is named\n"


def test_walkthrough__nobody_answers(project, port):
    walk = Demo(
        [sys.executable, "manage.py", "walkthrough", f"http://127.0.0.1:{port}"],
        project,
        project / "walk.log",
    )

    assert walk.wait_for_end() == 1
    assert walk.output.startswith("CommandError: Not as expected: <urlopen error")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_end__says_so_and_leaves_nothing(start, number):
    demo = start().wait_until_it_runs()
    processes = family(demo.process.pid)

    demo.send(number)
    code = demo.wait_for_end()

    assert code == 0
    assert "\nThe demo ends.\n" in demo.output
    assert "Traceback" not in demo.output
    assert len(processes) >= 3
    assert [command_of(pid) for pid in processes if command_of(pid)] == []


def test_end__before_it_runs(start):
    demo = start()

    demo.wait_until(lambda: len(family(demo.process.pid)) > 1)
    demo.send(signal.SIGINT)

    assert demo.wait_for_end() == 0
    assert "Traceback" not in demo.output


def test_port_taken__another_one_and_said(start, port):
    with socket.create_server(("127.0.0.1", int(port))):
        demo = start().wait_until_it_runs()

    assert f"Port {port} is taken; trying the next one." in demo.output
    assert demo.address != f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(("part", "name"), [("runserver", "web server"), ("db_worker", "worker")])
def test_part_dies__all_ends_and_says_why(start, part, name):
    demo = start().wait_until_it_runs()
    processes = family(demo.process.pid)
    (victim,) = (pid for pid in processes if f" {part} " in command_of(pid))

    os.kill(victim, signal.SIGKILL)
    code = demo.wait_for_end()

    assert code == 1
    assert f"The {name} ended (exit code -9), and so do we.\n" in demo.output
    assert [command_of(pid) for pid in processes if command_of(pid)] == []


def test_unknown_runner__refused(start):
    demo = start(DEMO_RUNNER="cron")

    assert demo.wait_for_end() == 1
    assert demo.output == "\nDEMO_RUNNER is 'cron'; it can be django_tasks, celery, dramatiq.\n"
