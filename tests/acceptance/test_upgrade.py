"""An installation of joeflow 2.0.2 goes on with this version, from where it stands."""

import json
import os
import signal
import subprocess
import sys
import uuid
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import pytest

from tests import services
from tests.acceptance.reference_environment import make_environment
from tests.acceptance.sites import (
    connect_mariadb,
    connect_postgresql,
    own_database,
    remove_queues,
)
from tests.processes import wait_for

FOLDER = Path(__file__).parent / "upgrade"
LIMIT = 120
WORKERS = {
    "celery": ("celery", "-A", "depot", "worker", "-c", "2"),
    "dramatiq": ("django", "rundramatiq", "--processes", "1", "--threads", "2"),
}

#: Runner and database.
COMBINATIONS = [("celery", "postgresql"), ("dramatiq", "postgresql"), ("celery", "mariadb")]
#: How to connect to a database, and how many there wait for somebody who uses a table.
CONNECT = {"postgresql": connect_postgresql, "mariadb": connect_mariadb}
WAITING = {
    "postgresql": (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    ),
    "mariadb": (
        "SELECT count(*) FROM information_schema.PROCESSLIST"
        " WHERE DB = %s AND STATE LIKE 'Waiting for table metadata lock%%'"
    ),
}

pytestmark = pytest.mark.service("postgresql", "mariadb", "redis")


@pytest.fixture(scope="session")
def old_python(tmp_path_factory):
    """Return a Python that has joeflow 2.0.2, and else what this one has."""
    requirements = [
        f"celery[redis]=={version('celery')}",
        f"django-reversion=={version('django-reversion')}",
        f"django-dramatiq=={version('django-dramatiq')}",
        f"dramatiq[redis]=={version('dramatiq')}",
        f"psycopg[binary]=={version('psycopg')}",
        f"pymysql=={version('pymysql')}",
    ]
    return make_environment(tmp_path_factory.mktemp("joeflow-2"), *requirements)


class Depot:
    """The project, which each of two Pythons can run."""

    def __init__(self, runner, database, old_python, folder):
        self.runner = runner
        self.connect = CONNECT[database]
        self.vendor = database
        self.pythons = {"old": old_python, "new": Path(sys.executable)}
        self.folder = folder
        self.processes = []
        self.name = f"joeflow_depot_{uuid.uuid4().hex[:10]}"
        settings = {k: v for k, v in services.database(database).items() if k != "TEST"}
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "depot.settings",
            "PYTHONPATH": str(FOLDER),
            "PYTHONUNBUFFERED": "1",
            "DEPOT_NAME": self.name,
            "DEPOT_RUNNER": runner,
            "DEPOT_BROKER": services.redis_url(),
            "DEPOT_DATABASE": json.dumps(settings | {"NAME": self.name}),
        }

    def query(self, statement, *values):
        """Return the one figure that a statement selects."""
        with self.connect(self.name) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()[0]

    def start(self, age, *arguments):
        """Start a module of Python, with what it prints in a file."""
        path = self.folder / f"{age}-{arguments[0]}-{uuid.uuid4().hex[:6]}.log"
        with path.open("w") as log:
            process = subprocess.Popen(
                [self.pythons[age], "-m", *arguments],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process.log = path
        self.processes.append(process)
        return process

    def kill(self, *processes):
        """End processes and what they have started."""
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(LIMIT)

    def wait(self, process):
        """Wait for the end of a process, and return what it printed."""
        code = process.wait(LIMIT)
        assert code == 0, self.logs()
        return process.log.read_text()

    def django(self, age, *arguments):
        """Run a management command."""
        return self.wait(self.start(age, "django", *arguments))

    def drive(self, age, name, *arguments):
        """Do something with the project; see depot/drive.py."""
        return self.result(self.start(age, "depot.drive", name, *map(str, arguments)))

    def result(self, process):
        """Wait for what somebody does, and return what comes of it."""
        return json.loads(self.wait(process).rpartition("RESULT ")[2])

    def logs(self):
        """Return what all processes printed."""
        return "\n".join(
            f"-- {path.name}\n{path.read_text()[-4000:]}" for path in self.folder.glob("*.log")
        )

    @contextmanager
    def worker(self, age):
        """Run a worker; it is killed in the end."""
        command = WORKERS[self.runner]
        if (self.runner, age) == ("celery", "old"):
            command = (*command, "-Q", self.name)
        process = self.start(age, *command)
        try:
            yield process
        finally:
            self.kill(process)


@pytest.fixture(params=COMBINATIONS, ids="-".join)
def depot(request, old_python, tmp_path):
    """A project with the tables of joeflow 2.0.2."""
    it = Depot(*request.param, old_python, tmp_path)
    with own_database(it.connect, it.name):
        try:
            it.django("old", "migrate", "-v", "0")
            yield it
        finally:
            it.kill(*it.processes)
            remove_queues(services.redis_url(), it.name)


def test_every_instance_goes_on_to_its_end(depot):
    with depot.worker("old"):
        waiting = depot.drive("old", "half_way")
    depot.drive("old", "unsent")
    before, standing = depot.drive("old", "history"), depot.drive("old", "standing")
    # As far as the old worker came.
    assert waiting.pop("Truck 3") in (["ready"], ["drive"], [])
    assert waiting == {
        "Cheese 5": ["wait"],
        "Parcel 1": ["inspect"],
        "Parcel 2": [],
        "Parcel 9": ["inspect"],
        "Risk 6": ["attempt"],
        "Truck 4": ["ready", "sign"],
        "Truck 7": ["sign"],
        "Truck 8": [],
    }

    depot.django("new", "migrate", "-v", "0")
    assert depot.drive("new", "standing") == standing
    assert depot.drive("new", "pages") == []
    with depot.worker("new"):
        logs = depot.drive("new", "go_on")

    assert logs == {
        "Cheese 5": ["eaten"],
        "Letter 10": ["posted", "written"],
        "Parcel 1": ["sent", "weighed"],
        "Parcel 2": ["sent", "weighed"],
        "Parcel 9": ["sent", "weighed"],
        "Risk 6": ["celebrated", "done"],
        "Truck 3": ["driven", "loaded"],
        "Truck 4": ["driven", "loaded"],
        "Truck 7": ["driven", "loaded"],
        "Truck 8": ["driven", "loaded"],
    }
    after = depot.drive("new", "history")
    assert len(before["tasks"]) > 10
    assert {pk: after["tasks"][pk] for pk in before["tasks"]} == before["tasks"]
    assert len(before["versions"]) > 3
    assert {pk: after["versions"][pk] for pk in before["versions"]} == before["versions"]
    assert depot.drive("new", "go_back") == ["Wood 1", 4]


def test_migration__workers_of_the_old_code_go_on_meanwhile(depot):
    stop = depot.folder / "stop"
    with depot.worker("old") as worker:
        people = depot.start("old", "depot.drive", "keep_starting", str(stop), "20")
        begun = lambda: depot.query("SELECT count(*) FROM depot_letter")  # noqa: E731
        wait_for(begun, LIMIT, "people have begun")
        depot.django("new", "migrate", "-v", "0")
        stop.touch()
        started = depot.result(people)
        assert worker.poll() is None

    assert started > 20
    assert "Traceback" not in worker.log.read_text()


def test_migration__nobody_waits_behind_one_that_waits_for_a_task_of_the_old_code(depot):
    stop = depot.folder / "stop"
    stop.touch()
    with depot.worker("old"), depot.connect(depot.name) as connection:
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM joeflow_task")  # as a task that runs
        migration = depot.start("new", "django", "migrate", "-v", "0")
        wait_for(lambda: depot.query(WAITING[depot.vendor], depot.name), LIMIT, "it waits")

        depot.drive("old", "keep_starting", stop, 20)

        assert migration.poll() is None, depot.logs()
        cursor.execute("ROLLBACK")
        depot.wait(migration)


def test_migration__workers_of_both_versions_work_side_by_side(depot):
    depot.django("new", "migrate", "-v", "0")
    stop = depot.folder / "stop"
    stop.touch()
    with depot.worker("old"), depot.worker("new"):
        people = [
            depot.start(age, "depot.drive", "keep_starting", str(stop), "40")
            for age in ("old", "new")
        ]
        for process in people:
            depot.result(process)

    assert set(depot.drive("new", "letters")) == {"written posted"}
