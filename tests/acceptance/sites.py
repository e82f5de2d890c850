"""A project of its own for a test: database, queue, workers; all gone at the end."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

from tests import services

ROOT = services.ROOT
PYTHON = sys.executable
BIN = Path(PYTHON).parent
LIMIT = 60

RUNNERS = {
    "celery": "joeflow.runner.celery.task_runner",
    "dramatiq": "joeflow.runner.dramatiq.task_runner",
    "django_tasks": "joeflow.runner.django_tasks.task_runner",
}
WORKERS = {
    "celery": [BIN / "celery", "-A", "tests.acceptance.project", "worker", "-c", "2"],
    "dramatiq": [PYTHON, "-m", "django", "rundramatiq", "--processes", "1", "--threads", "4"],
    "django_tasks": [PYTHON, "-m", "django", "db_worker", "--queue-name", "*"],
}


class Site:
    """A project that runs.

    Args:
        runner: Name of the runner.
        database: Kind of the database.
        broker: URL of the broker.
        folder: Where logs are written.
    """

    def __init__(self, runner, database, broker, folder):
        self.runner = runner
        self.folder = folder
        self.name = f"joeflow_site_{uuid.uuid4().hex[:10]}"
        self.workers = []
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.acceptance.project.settings",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "JOEFLOW_SITE": self.name,
            "JOEFLOW_SITE_BROKER": broker,
            "JOEFLOW_SITE_RUNNER": RUNNERS[runner],
            "JOEFLOW_TEST_DATABASE": database,
            "JOEFLOW_SITE_DATABASE": (
                str(folder / "site.sqlite3") if database == "sqlite" else self.name
            ),
        }

    def run(self, *command, **changes):
        """Run a command to its end, and return what it printed."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env=self.environment | changes,
            capture_output=True,
            text=True,
            timeout=2 * LIMIT,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{self.logs()}"
        return done.stdout

    def drive(self, name, *arguments, **changes):
        """Do something with the project, in a process of its own; see project/drive.py."""
        module = "tests.acceptance.project.drive"
        printed = self.run(PYTHON, "-m", module, name, *arguments, **changes)
        return json.loads(printed.rpartition("RESULT ")[2])

    def start_worker(self):
        """Start a worker as its documentation says."""
        log = self.folder / f"worker{len(self.workers)}.log"
        with log.open("w") as file:
            worker = subprocess.Popen(
                [str(part) for part in WORKERS[self.runner]],
                cwd=self.folder,
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.workers.append(worker)
        return worker

    def stop_workers(self):
        """End all workers and whatever they started."""
        for worker in self.workers:
            try:
                os.killpg(worker.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            worker.wait(LIMIT)

    def logs(self):
        """Return what the workers wrote."""
        return "\n".join(path.read_text()[-4000:] for path in self.folder.glob("worker*.log"))


def wait_for(condition, describe):
    """Wait until the condition is true, with a limit."""
    until = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < until, describe()
        time.sleep(0.05)


@contextmanager
def site(runner, database, broker, folder):
    """Give a project with a fresh database, and take all of it away again."""
    it = Site(runner, database, broker, folder)
    with _fresh_database(database, it.name):
        try:
            it.run(PYTHON, "-m", "django", "migrate", "-v", "0")
            yield it
        finally:
            it.stop_workers()
            _remove_queues(broker, it.name)


@contextmanager
def _fresh_database(kind, name):
    if kind == "sqlite":
        yield
        return
    connect = {"postgresql": _connect_postgresql, "mariadb": _connect_mariadb}[kind]
    with connect() as connection:
        connection.cursor().execute(f"CREATE DATABASE {name}")
    try:
        yield
    finally:
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        with connect() as connection:
            connection.cursor().execute(f"DROP DATABASE {name}{force}")


def _connect_postgresql():
    import psycopg

    server = services.database("postgresql")
    return psycopg.connect(
        host=server["HOST"],
        port=server["PORT"],
        user=server["USER"],
        password=server["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    )


def _connect_mariadb():
    import pymysql

    server = services.database("mariadb")
    return pymysql.connect(
        host=server["HOST"],
        port=int(server["PORT"]),
        user=server["USER"],
        password=server["PASSWORD"],
    )


def _remove_queues(broker, name):
    if broker.startswith("redis"):
        import redis

        client = redis.Redis.from_url(broker)
        keys = list(client.scan_iter(f"*{name}*"))
        if keys:
            client.delete(*keys)
    elif broker.startswith("amqp"):
        import pika

        with pika.BlockingConnection(pika.URLParameters(broker.replace("5672//", "5672/%2F"))) as c:
            for queue in (name, f"{name}.DQ", f"{name}.XQ", f"{name}_other"):
                c.channel().queue_delete(queue)
