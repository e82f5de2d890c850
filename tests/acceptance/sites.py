"""A project of its own for a test: database, queue, workers; all gone at the end."""

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests import services

ROOT = services.ROOT
PYTHON = sys.executable
BIN = Path(PYTHON).parent
LIMIT = 60
MIGRATE = (PYTHON, "-m", "django", "migrate", "-v", "0")

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

    @contextmanager
    def supervised(self):
        """Start a worker, and another one whenever it has died: what systemd would do."""
        done = threading.Event()

        def supervise():
            worker = self.start_worker()
            while not done.wait(0.1):
                if worker.poll() is not None:
                    worker = self.start_worker()

        thread = threading.Thread(target=supervise, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(LIMIT)

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


@contextmanager
def site(runner, database, broker, folder):
    """Give a project with a fresh database, and take all of it away again."""
    it = Site(runner, database, broker, folder)
    with _fresh_database(database, it):
        try:
            yield it
        finally:
            it.stop_workers()
            remove_queues(broker, it.name)


@contextmanager
def _fresh_database(kind, it):
    """Give the site a database with all tables."""
    if kind == "sqlite":
        it.run(*MIGRATE)
        yield
    elif kind == "mariadb":
        with own_database(connect_mariadb, it.name):
            it.run(*MIGRATE)
            yield
    else:
        with own_database(connect_postgresql, it.name, template=_template()):
            yield


@contextmanager
def own_database(connect, name, template=None):
    like = f" TEMPLATE {template}" if template else ""
    with connect() as connection:
        connection.cursor().execute(f"CREATE DATABASE {name}{like}")
    try:
        yield
    finally:
        force = " WITH (FORCE)" if connect is connect_postgresql else ""
        with connect() as connection:
            connection.cursor().execute(f"DROP DATABASE {name}{force}")


@functools.cache
def _template():
    """Return the name of a database with all tables, to make others from: that is quicker."""
    it = Site("django_tasks", "postgresql", "", ROOT)
    database = own_database(connect_postgresql, it.name)
    database.__enter__()
    atexit.register(database.__exit__, None, None, None)
    it.run(*MIGRATE)
    return it.name


def connect_postgresql(name="postgres"):
    import psycopg

    server = services.database("postgresql")
    return psycopg.connect(
        host=server["HOST"],
        port=server["PORT"],
        user=server["USER"],
        password=server["PASSWORD"],
        dbname=name,
        autocommit=True,
    )


def connect_mariadb(name=None):
    import pymysql

    server = services.database("mariadb")
    return pymysql.connect(
        host=server["HOST"],
        port=int(server["PORT"]),
        user=server["USER"],
        password=server["PASSWORD"],
        database=name,
        autocommit=True,
    )


def remove_queues(broker, name):
    if broker.startswith("redis"):
        import redis

        with redis.Redis.from_url(broker) as client:
            keys = list(client.scan_iter(f"*{name}*"))
            if keys:
                client.delete(*keys)
    elif broker.startswith("amqp"):
        import pika

        url = broker.removesuffix("//") + "/%2F" if broker.endswith("//") else broker
        with pika.BlockingConnection(pika.URLParameters(url)) as c:
            for queue in (name, f"{name}.DQ", f"{name}.XQ", f"{name}_other"):
                c.channel().queue_delete(queue)


class Cable:
    """A way to a server that can be cut and mended.

    Args:
        url: Where the server is.
    """

    def __init__(self, url):
        parts = urlsplit(url)
        self._server = (parts.hostname, parts.port)
        self._ends = set()
        self._listener = None
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.url = url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{self.port}")

    def mend(self):
        """Let connections through."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self):
        """End all connections, and refuse new ones."""
        for end in [self._listener, *self._ends]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _accept(self, listener):
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._server)
                self._ends |= {near, far}
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source, target):
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends -= {source, target}
