"""The project in the storm: its servers, its web server and its workers, all of them processes."""

import json
import os
import shutil
import signal
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.acceptance import sites
from tests.acceptance.storm import notes
from tests.acceptance.storm.queues import QUEUES
from tests.processes import (
    children,
    free_port,
    kill_group,
    listens,
    spawn,
    wait_for,
)
from tests.servers import BROKERS, DATABASES, missing_programs

PACKAGE = "tests.acceptance.storm"
DATABASE = "storm"
LIMIT = 90  # seconds; far more than a process takes to start
#: So many seconds the clock of one worker is behind; that of the next one is as much ahead.
CLOCK_OFFSET = 7
LIBRARY_OF_FAKETIME = "libfaketimeMT.so.1"
WORKERS = {"celery": 2, "dramatiq": 3, "django_tasks": 4}


def missing(*servers):
    """Say what is not installed of what a storm needs; None when all is there."""
    reason = missing_programs(*servers)
    if reason is None and find_faketime() is None:
        reason = "the Debian package faketime is not installed"
    return reason


def find_faketime():
    """Return the path of the library that fakes clocks; None without it."""
    found = Path("/usr/lib").glob(f"*/faketime/{LIBRARY_OF_FAKETIME}")
    return next(iter(sorted(found)), None)


class Worker:
    """A worker that is started again whenever it has died, as a supervisor would do it."""

    def __init__(self, command, log, environment, clock=0):
        self.command = command
        self.log = log
        self.environment = environment | (_faked(clock) if clock else {})
        self.clock = clock
        self.starts = 0
        self.process = None

    def keep_alive(self):
        """Start it if it does not run."""
        if self.process is None or self.process.poll() is not None:
            self.kill()  # what a dead worker has left behind
            self.starts += 1
            self.process = spawn(self.command, self.log, environment=self.environment)

    def kill(self):
        """End it with all its processes."""
        kill_group(self.process)


def _faked(seconds):
    here = Path(__file__).parent / "wrong_clock"
    return {
        "LD_PRELOAD": str(find_faketime()),
        "PYTHONPATH": f"{here}{os.pathsep}{sites.ROOT}",
        "FAKETIME": f"{seconds:+d}",
        # What is measured is the time that passes; a clock that is set wrong leaves that alone.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


class StormSite(sites.Site):
    """A project with servers of its own.

    Args:
        runner: Name of the runner.
        broker: Name of the broker; None where the runner keeps its messages in the database.
        database: Kind of the database.
        folder: Where all files are.
        further: Environment variables for the project's settings.
    """

    def __init__(self, runner, broker, database, folder, **further):
        self.servers = ExitStack()
        self.database = DATABASES[database](folder)
        self.servers.callback(self.database.stop)
        self.broker = None
        if broker is not None:
            self.broker = BROKERS[broker](folder)
            self.servers.callback(self.broker.stop)
        super().__init__(runner, database, self.broker.url if self.broker else "", folder)
        self.queue = QUEUES[runner, broker](self.broker, self.database, self.name)
        self.notes = folder / "notes"
        self.reader = notes.Reader(self.notes)
        self.port = free_port()
        self.web = None
        self.keepers = []
        self.lock = threading.Lock()
        server = f"JOEFLOW_TEST_{database.upper()}"
        self.environment |= {
            "DJANGO_SETTINGS_MODULE": f"{PACKAGE}.project.settings",
            "JOEFLOW_SITE_DATABASE": DATABASE,
            f"{server}_HOST": "127.0.0.1",
            f"{server}_PORT": str(self.database.port),
            f"{server}_USER": self.database.user,
            f"{server}_PASSWORD": "",
            notes.VARIABLE: str(self.notes),
            **further,
        }

    # Start and end.

    def start(self, workers=None, *, clocks=True):
        """Start the servers, make the tables, and start the web server and the workers."""
        self.database.start()
        self.database.create_database(DATABASE)
        if self.broker is not None:
            self.broker.start()
        self.run(*sites.MIGRATE)
        self.keepers = [self._make_web()]
        self.workers = []
        for number in range(workers or WORKERS[self.runner]):
            clock = {0: -CLOCK_OFFSET, 1: CLOCK_OFFSET}.get(number, 0) if clocks else 0
            self.keepers.append(self._make_worker(number, clock))
        self.keep_alive()
        wait_for(lambda: listens(self.port), LIMIT, "the web server answers")

    def _make_web(self):
        options = ("--workers", "2", "--threads", "4", "--bind", f"127.0.0.1:{self.port}")
        gunicorn = (sites.PYTHON, "-m", "gunicorn", "--graceful-timeout", "1", *options)
        command = [*gunicorn, f"{PACKAGE}.project.wsgi"]
        return Worker(command, self.folder / "web.log", self.environment)

    def _make_worker(self, number, clock):
        command = list(sites.WORKERS[self.runner])
        if self.runner == "celery":
            command += ["-n", f"worker{number}@storm"]
        log = self.folder / f"worker{number}.log"
        return Worker(command, log, self.environment, clock)

    def stop(self):
        """End everything that was started."""
        with self.lock, self.servers:  # the servers end in any case, and last
            for keeper in self.keepers:
                self.servers.callback(keeper.kill)
            self.keepers = []

    def keep_alive(self):
        """Start what has died."""
        with self.lock:
            for keeper in self.keepers:
                keeper.keep_alive()

    @contextmanager
    def supervised(self):
        """Start what dies, until the block ends: what systemd would do."""
        done = threading.Event()

        def supervise():
            while not done.wait(0.1):
                self.keep_alive()

        thread = threading.Thread(target=supervise, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(LIMIT)

    # What breaks.

    def kill_worker(self, rng):
        """Kill a worker with all its processes."""
        with self.lock:
            rng.choice(self.keepers[1:]).kill()

    def kill_web_process(self, rng):
        """Kill a process of the web server; its master starts another one."""
        pids = children(self.keepers[0].process.pid)
        if pids:
            _kill(rng.choice(pids))

    def restart_database(self):
        """Restart the database without a farewell."""
        self.database.kill()
        self.database.start()

    def restart_broker(self):
        """Kill the broker with all messages, and start it; return how many were lost."""
        if self.broker is None:
            return self.queue.lose()
        lost = self.queue.size()
        self.broker.kill()
        self.broker.flush()
        self.broker.start()
        return lost

    # What is known.

    def dump(self):
        """Return all rows that the checks look at."""
        return json.loads(self.run(sites.PYTHON, "-m", f"{PACKAGE}.project.dump"))

    def deadlocks(self):
        """Return how many deadlocks the log of the database tells of."""
        text = self.database.log.read_text(errors="replace").lower()
        return text.count(self.database.deadlock)

    def logs(self):
        """Return the end of each log."""
        paths = sorted(self.folder.glob("*.log"))
        return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in paths)


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def storm_site(runner, broker, database, *, keep_logs_in=None, **further):
    """Give a site in a temporary directory, and take all of it away again."""
    folder = Path(tempfile.mkdtemp(prefix="joeflow-storm-"))
    folder.chmod(0o755)  # the databases run as users of their own
    it = None
    try:
        it = StormSite(runner, broker, database, folder, **further)
        yield it
    finally:
        try:
            if it is not None:
                it.stop()
            if keep_logs_in is not None:
                _keep_logs(folder, Path(keep_logs_in))
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _keep_logs(folder, target):
    target.mkdir(parents=True, exist_ok=True)
    for path in [*folder.glob("*.log"), folder / "notes"]:
        if path.exists():
            shutil.copy(path, target)
