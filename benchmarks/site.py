"""A contestant at work: its database, its workers, and a driver that starts instances."""

import json
import os
import signal
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.accounting import Statistics
from benchmarks.environments import python_for
from benchmarks.servers import DRIVER, WORKER
from tests.processes import NeverHappened, children, is_stopped, kill_group, spawn, wait_for

PROJECTS = Path(__file__).parent / "projects"
#: Seconds until workers must be there, and until they must have done what they were given.
LIMIT = 120
#: Seconds between two questions whether they have.
POLL = 0.05


class Site:
    """A contestant's processes.

    Args:
        contestant: Whose.
        servers: The servers of the run.
        number: Tells its database and its messages from those of the others.
        stack: Ends what is started.
    """

    def __init__(self, contestant, servers, number, stack):
        self.contestant = contestant
        self.servers = servers
        self.number = number
        self.stack = stack
        self.python = python_for(contestant.requirements)
        self.workers = []
        self.log = servers.folder / f"worker{number}.log"
        servers.database.create_database(self.database)
        connection = stack.enter_context(servers.database.connect(self.database))
        self.statistics = Statistics(connection, WORKER)
        self.driver = self._start_driver()
        self.ask("migrate")

    @property
    def database(self):
        return f"bench{self.number}"

    def _environment(self, user):
        environment = {
            **os.environ,
            "BENCH_DATABASE": self.database,
            "BENCH_DATABASE_PORT": str(self.servers.database.port),
            "BENCH_USER": user,
            "TMPDIR": str(self.servers.folder),  # workers that are killed leave folders behind
            "BENCH_REDIS_URL": f"{self.servers.broker.url[:-1]}{self.number}",
            "PYTHONPATH": os.pathsep.join(filter(None, [self.contestant.source, str(PROJECTS)])),
            **self.contestant.environment,
        }
        if (PROJECTS / self.contestant.project / "settings.py").exists():
            environment["DJANGO_SETTINGS_MODULE"] = f"{self.contestant.project}.settings"
        return environment

    def _start_driver(self):
        driver = subprocess.Popen(
            [self.python, PROJECTS / "speak.py", self.contestant.project],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stack.enter_context(self.log.with_suffix(".driver").open("w")),
            text=True,
            env=self._environment(DRIVER),
            cwd=PROJECTS,
        )
        self.stack.callback(driver.kill)
        return driver

    def ask(self, function, *arguments):
        """Let the driver call one of its functions, and return what that returns."""
        print(json.dumps({"function": function, "arguments": arguments}), file=self.driver.stdin)
        self.driver.stdin.flush()
        line = self.driver.stdout.readline()
        if not line:
            text = self.log.with_suffix(".driver").read_text()[-3000:]
            raise RuntimeError(f"The driver of {self.contestant.name} has ended:\n{text}")
        return json.loads(line)

    def start_workers(self, **environment):
        """Start the workers; wait until they have done something."""
        for _ in range(self.contestant.workers):
            worker = spawn(
                [self.python, *self.contestant.worker],
                self.log,
                environment=self._environment(WORKER) | environment,
                folder=PROJECTS,
            )
            self.stack.callback(kill_group, worker)
            self.workers.append(worker)
        shape = self.contestant.shapes[0]
        for _ in range(3):  # so that all of them have what they need
            self.run_to_end(shape, self.ask("start", shape, 4))

    def run_to_end(self, shape, keys):
        """Wait until these instances have ended."""
        done = lambda: self.ask("count_ended", shape, keys) == len(keys)  # noqa: E731
        what = f"{self.contestant.name} has done its work"
        try:
            wait_for(done, LIMIT, what, pause=POLL)
        except NeverHappened as error:
            raise NeverHappened(f"{error}\n{self.log.read_text()[-3000:]}") from error

    @property
    def worker_pids(self):
        """Keys of the first processes of its workers."""
        return [worker.pid for worker in self.workers]

    @contextmanager
    def paused(self):
        """Let the workers stand still in the block."""
        pids = [pid for first in self.worker_pids for pid in family(first)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        for pid in pids:
            wait_for(lambda pid=pid: is_stopped(pid), 5, f"process {pid} stands still")
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def stop_workers(self):
        """End the workers."""
        while self.workers:
            kill_group(self.workers.pop())


def family(pid):
    """Return a process and all that it has started, one generation after the other."""
    return [pid, *(heir for child in children(pid) for heir in family(child))]


@contextmanager
def site(contestant, servers, number):
    """Give a site without workers, and end it at the end of the block."""
    with ExitStack() as stack:
        yield Site(contestant, servers, number, stack)
