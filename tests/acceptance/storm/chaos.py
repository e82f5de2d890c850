"""What breaks in the storm: the order follows from the seed.

Which tasks happen to run at that moment does not; there the machine has its say.
"""

import json
import os
import signal
import time
from collections import Counter
from contextlib import contextmanager, suppress

from tests.acceptance.storm.people import Browser, Unanswered
from tests.processes import is_stopped, lives, wait_for

#: What breaks how often, where workers are killed 100 times in the middle of tasks.
SHARES = {
    "kill_worker": 6,
    "kill_web_process": 8,
    "restart_broker": 4,
    "lose_messages": 4,
    "restart_database": 4,
    "cut_connections": 14,
    "stir_messages": 20,
}
#: Seconds between two of these, in the mean.
PAUSE = 0.35
#: So many nodes run between two of these, if that takes no longer than so many seconds.
RUNS, MOST_PAUSE = 8, 2
#: Seconds in which there must be a task to kill a worker in the middle of.
LIMIT = 60


def plan(rng, kills):
    """Return in what order things break."""
    steps = ["kill_in_the_middle"] * kills
    for name, share in SHARES.items():
        steps += [name] * max(1, round(share * kills / 100))
    rng.shuffle(steps)
    return steps


class Chaos:
    """Breaks a site.

    Args:
        site: The site.
        rng: Says what breaks next.
        kills: How often a worker is killed in the middle of a task.
    """

    def __init__(self, site, rng, kills):
        self.site = site
        self.rng = rng
        self.kills = kills
        self.plan = plan(rng, kills)
        self.counts = Counter()
        self.interrupted = []
        self.cuts = []
        self.on_idle = None

    def rage(self, on_step, on_idle):
        """Break one thing after the other.

        Args:
            on_step: Is called before each with the share of what has been done.
            on_idle: Is called as long as there is no task to kill a worker in the middle of.
        """
        self.on_idle = on_idle
        for number, name in enumerate(self.plan):
            on_step(number / len(self.plan))
            self._pause(self.rng.expovariate(1 / PAUSE))
            getattr(self, name)()
        on_step(1)

    def _pause(self, seconds):
        """Leave the site alone for a while, so that it gets somewhere."""
        began, ended = time.monotonic(), self._count_ended()
        time.sleep(seconds)
        while time.monotonic() < began + MOST_PAUSE and self._count_ended() < ended + RUNS:
            time.sleep(0.05)

    def _count_ended(self):
        return sum(run.ended is not None for run in self.site.reader.read().values())

    def kill_in_the_middle(self):
        """Kill a process of a worker while it runs a node; prove that by what it did not note."""
        run = wait_for(self._stop_one, LIMIT, f"a task runs\n{self.site.logs()}")
        run.killed = time.monotonic()
        os.kill(run.pid, signal.SIGKILL)
        self.interrupted.append(run)
        self.counts["killed in the middle of a task"] += 1

    def _stop_one(self):
        runs = [run for run in self.site.reader.running() if not self._is_web(run)]
        if not runs:
            self.on_idle()
            return None
        run = self.rng.choice(runs)
        try:
            os.kill(run.pid, signal.SIGSTOP)
            stands = lambda: is_stopped(run.pid) or not lives(run.pid)  # noqa: E731
            wait_for(stands, 5, f"process {run.pid} is stopped")
            if lives(run.pid) and self.site.reader.read()[run.token].ended is None:
                return run
            os.kill(run.pid, signal.SIGCONT)
        except ProcessLookupError:
            pass
        return None

    def _is_web(self, run):
        return run.name in {"sign", "countersign"}

    def kill_worker(self):
        self.site.kill_worker(self.rng)
        self.counts["workers killed with all processes"] += 1

    def kill_web_process(self):
        self.site.kill_web_process(self.rng)
        self.counts["web processes killed"] += 1

    def restart_broker(self):
        self.counts["messages lost"] += self.site.restart_broker()
        self.counts["brokers restarted empty"] += self.site.broker is not None

    def lose_messages(self):
        self.counts["messages lost"] += self.site.queue.lose()

    def stir_messages(self):
        doubled = self.site.queue.stir(self.rng)
        browser = Browser(self.site.port, "person0")
        # Workers take messages so early that few wait; so more are sent by the project itself.
        with suppress(Unanswered):
            status, body = browser.post_json("/again/", seed=self.rng.randrange(10**6))
            doubled += json.loads(body)["sent"] if status == 200 else 0
        self.counts["messages doubled"] += doubled
        self.counts["queues shuffled"] += 1

    def restart_database(self):
        with self._noted():
            self.site.restart_database()
        self.counts["databases restarted"] += 1

    def cut_connections(self):
        with self._noted():
            cut = self.site.database.cut_connections("storm", self.rng)
        self.counts["connections cut"] += cut

    @contextmanager
    def _noted(self):
        """Note from when to when connections to the database were cut."""
        began = time.monotonic()
        yield
        self.cuts.append((began, time.monotonic()))
